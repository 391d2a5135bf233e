terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "reports" {
  source = "../.."

  name = "hokusai-reports-staging"
  access_logs = {
    bucket_name = "hokusai-access-logs-staging"
    prefix      = "s3/reports/"
  }
  key = {
    alias                = "hokusai-reports-staging"
    deletion_window_days = 14
  }
  lifecycle_rules = {
    expire-old-versions = {
      expire_noncurrent_after_days = 30
      keep_noncurrent_versions     = 5
    }
  }
}

output "bucket_name" {
  value = module.reports.bucket_name
}
