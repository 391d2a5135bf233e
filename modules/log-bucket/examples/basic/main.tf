terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "access_logs" {
  source = "../.."

  name            = "hokusai-access-logs-staging"
  environment     = "staging"
  expiration_days = 90

  sources = {
    load_balancers = {
      edge = "alb/edge"
    }
    buckets = {
      artifacts = {
        bucket_name = "hokusai-mlflow-artifacts-staging"
        prefix      = "s3/artifacts/"
      }
    }
  }
}

output "bucket_name" {
  value = module.access_logs.bucket_name
}
