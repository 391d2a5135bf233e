# The two names that the platform needs: the gateway calls both.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "service_discovery" {
  source = "../.."

  environment = "staging"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"

  services = {
    mlflow = {}
    auth   = { ttl_seconds = 5 }
  }
}
