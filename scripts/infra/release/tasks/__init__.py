"""What an apply does to ECS beside Terraform: the schema is migrated first, then the services are followed."""
