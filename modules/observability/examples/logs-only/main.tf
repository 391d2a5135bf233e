# The smallest use: log groups under a key of their own, for an environment in which nobody is to be woken up.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "observability" {
  source = "../.."

  environment              = "development"
  key_deletion_window_days = 7
  log_groups               = { mlflow = { name = "/ecs/hokusai/mlflow/development" } }
  log_retention_days       = 7
}
