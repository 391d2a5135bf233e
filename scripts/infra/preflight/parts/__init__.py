"""Real programs on loopback, for preflight and for the tests of the services: PostgreSQL, the auth service's double."""
