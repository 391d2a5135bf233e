# The database of production: a standby, five weeks of backups, protected, watched; logs under the key of `observability`.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

locals {
  environment        = "production"
  log_retention_days = 365
}

module "observability" {
  source = "../../../observability"

  environment         = local.environment
  log_groups          = {}
  log_retention_days  = local.log_retention_days
  notification_emails = ["platform@hokus.ai"]

  database = {
    identifier            = module.database.identifier
    allocated_storage_gib = 100
    max_connections       = 800
  }
}

module "database" {
  source = "../.."

  environment = local.environment
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids = {
    a = "subnet-0a1b2c3d4e5f60718"
    b = "subnet-0f1e2d3c4b5a69788"
    c = "subnet-0123456789abcdef0"
  }

  engine_version            = "16.9"
  instance_class            = "db.m7g.large"
  allocated_storage_gib     = 100
  max_allocated_storage_gib = 500
  multi_az                  = true

  backup_retention_days    = 35
  permissions_boundary_arn = "arn:aws:iam::123456789012:policy/hokusai-boundary-production"

  log_retention_days = local.log_retention_days
  log_kms_key_arn    = module.observability.log_key_arn
}

output "parameter_arns" {
  description = "What a container definition names as its secrets."
  value       = module.database.parameter_arns
}
