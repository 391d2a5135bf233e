"""Plan review: what a plan changes, how dangerous that is, and what it was made from."""
