# The repositories of the two services, as the bootstrap root of an account makes them.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "container_registry" {
  source = "../.."

  repositories = {
    gateway = {}
    mlflow  = { keep_images = 30, untagged_days = 7 }
  }
}

output "repository_urls" {
  description = "Where to push to."
  value       = module.container_registry.repository_urls
}
