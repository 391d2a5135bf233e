# A database that may be torn down: one zone, short backups, nothing left behind.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "database" {
  source = "../.."

  environment = "development"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids = {
    a = "subnet-0a1b2c3d4e5f60718"
    b = "subnet-0f1e2d3c4b5a69788"
  }

  engine_version            = "16"
  instance_class            = "db.t4g.micro"
  allocated_storage_gib     = 20
  max_allocated_storage_gib = 50
  multi_az                  = false

  backup_retention_days       = 1
  deletion_protection         = false
  key_deletion_window_days    = 7
  monitoring_interval_seconds = 0

  log_retention_days = 7
  log_kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
}
