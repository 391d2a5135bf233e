"""Faults while the platform runs and clients work: what they see, for how long, and whether anything is lost."""
