"""The reports of a review: for a terminal, a pull request, a browser, and for programs."""
