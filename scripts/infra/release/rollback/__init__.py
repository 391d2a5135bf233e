"""Going back to what ran before: what that was, its configuration as a commit, and its plan through the same review."""
