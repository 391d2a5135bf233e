"""Deploying images into an environment, and promoting what was verified in another."""
