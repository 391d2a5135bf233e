"""`make verify`: the steps of infra.verification, for a live environment or a platform that was left running."""
