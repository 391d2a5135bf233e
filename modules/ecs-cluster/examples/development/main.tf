# Development: the first task of a service on demand, the others on Spot, and shells that are recorded.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "cluster" {
  source = "../.."

  environment        = "development"
  container_insights = "disabled"
  allow_spot         = true
  exec               = {}

  capacity_providers = {
    FARGATE      = { base = 1, weight = 0 }
    FARGATE_SPOT = { weight = 1 }
  }

  log_retention_days = 14
  log_kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
}
