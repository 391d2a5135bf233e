terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

# Artifacts that nobody can delete for a quarter, with a copy in another region and account.
module "artifacts" {
  source = "../.."

  environment = "production"
  access_logs = {
    bucket_name = "hokusai-access-logs-production"
    prefix      = "s3/artifacts/"
  }

  object_lock = {
    mode = "GOVERNANCE"
    days = 90
  }

  replication = {
    destination_bucket_arn  = "arn:aws:s3:::hokusai-mlflow-artifacts-copy"
    destination_kms_key_arn = "arn:aws:kms:us-west-2:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    destination_account_id  = "210987654321"
  }

  permissions_boundary_arn = "arn:aws:iam::123456789012:policy/hokusai-boundary-production"
}

output "bucket_name" {
  value = module.artifacts.bucket_name
}
