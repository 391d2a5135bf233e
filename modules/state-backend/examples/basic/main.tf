terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "state" {
  source = "../.."

  environment = "staging"
  access_logs = {
    bucket_name = "hokusai-access-logs-staging"
    prefix      = "s3/terraform-state/"
  }
}

output "backend_config" {
  value = module.state.backend_config
}
