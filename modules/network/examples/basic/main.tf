# Two zones, one NAT gateway: what staging needs.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "network" {
  source = "../.."

  environment = "staging"
  cidr        = "10.20.0.0/16"
  zones = {
    a = { public_cidr = "10.20.0.0/24", private_cidr = "10.20.16.0/20" }
    b = { public_cidr = "10.20.1.0/24", private_cidr = "10.20.32.0/20" }
  }
  nat = "single"

  log_kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1d6f0f3c-6a2f-4b8e-9d35-7c1f6f0a2b11"
  log_retention_days = 90
}
