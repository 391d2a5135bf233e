# No way to the internet from the private subnets: tasks reach AWS through endpoints, and nothing else. The service
# that calls other people's servers cannot run here.
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

  environment = "sandbox"
  cidr        = "10.40.0.0/20"
  zones = {
    a = { public_cidr = "10.40.0.0/24", private_cidr = "10.40.4.0/22" }
    b = { public_cidr = "10.40.1.0/24", private_cidr = "10.40.8.0/22" }
  }
  nat                 = "none"
  interface_endpoints = ["ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "ssm", "ssmmessages"]

  log_kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1d6f0f3c-6a2f-4b8e-9d35-7c1f6f0a2b11"
  log_retention_days = 30
}
