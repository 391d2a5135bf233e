terraform {
  required_version = ">= 1.11"

  backend "s3" {
    key = "stack/terraform.tfstate"
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}
