# Production: on-demand capacity, figures of every task, nobody opens a shell.
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

  environment        = "production"
  container_insights = "enhanced"
  log_retention_days = 365
  log_kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
}
