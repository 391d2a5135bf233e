# One load balancer for every host of the environment.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "alb" {
  source = "../.."

  name        = "edge"
  environment = "staging"

  vpc_id          = "vpc-0a1b2c3d4e5f60001"
  subnet_ids      = { a = "subnet-0a1b2c3d4e5f60001", b = "subnet-0a1b2c3d4e5f60002" }
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1d6f0f3c-6a2f-4b8e-9d35-7c1f6f0a2b11"
  access_logs     = { bucket_name = "hokusai-access-logs-staging", prefix = "alb/edge" }

  log_kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1d6f0f3c-6a2f-4b8e-9d35-7c1f6f0a2b11"
  log_retention_days = 90
}
