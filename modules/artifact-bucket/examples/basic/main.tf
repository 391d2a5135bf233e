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
  source = "../../../log-bucket"

  name            = "hokusai-access-logs-staging"
  environment     = "staging"
  expiration_days = 90

  sources = {
    buckets = {
      artifacts = {
        bucket_name = "hokusai-mlflow-artifacts-staging"
        prefix      = "s3/artifacts/"
      }
    }
  }
}

module "artifacts" {
  source = "../.."

  environment = "staging"
  access_logs = {
    bucket_name = module.access_logs.bucket_name
    prefix      = "s3/artifacts/"
  }

  lifecycle_rules = {
    expire-old-versions = {
      expire_noncurrent_after_days = 90
      keep_noncurrent_versions     = 3
    }
    cool-down = {
      prefix = "artifacts/"
      transitions = {
        STANDARD_IA = 90
        GLACIER_IR  = 365
      }
    }
  }
}

output "key_alias" {
  value = module.artifacts.key_alias
}
