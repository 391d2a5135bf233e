"""What a registry must do for its clients, as named steps: against a preflight's platform or a live environment."""
