"""Accounts in which an environment's stack was applied once: kept, copied in milliseconds, brought up to date."""
