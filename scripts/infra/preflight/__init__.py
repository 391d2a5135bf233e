"""The platform as planned, started and used before AWS is touched."""
