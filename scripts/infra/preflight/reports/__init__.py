"""The reports of a preflight: a page, Markdown, JUnit."""
