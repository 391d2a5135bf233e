terraform {
  required_version = ">= 1.11"

  # Bucket and region come from environments/<env>/backend.hcl.
  backend "s3" {
    key = "bootstrap/terraform.tfstate"
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}
