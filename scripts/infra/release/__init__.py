"""Applying what was planned, and taking it down again."""
