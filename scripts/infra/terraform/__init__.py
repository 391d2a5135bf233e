"""Finding and running Terraform and its AWS provider; plan JSON; the saved plan file."""
