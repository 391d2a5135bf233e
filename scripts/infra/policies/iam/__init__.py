"""The policy documents of a plan: found, linted, evaluated."""
