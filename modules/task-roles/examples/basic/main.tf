# The gateway, which needs nothing of AWS, beside MLflow, which needs its artifacts and its database password.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "task_roles" {
  source = "../.."

  environment              = "production"
  cluster_arn              = "arn:aws:ecs:us-east-1:123456789012:cluster/hokusai-production"
  permissions_boundary_arn = "arn:aws:iam::123456789012:policy/hokusai-boundary-production"

  roles = {
    gateway = {
      log_group_arn  = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/hokusai/gateway/production"
      repository_arn = "arn:aws:ecr:us-east-1:123456789012:repository/hokusai/gateway"
    }

    mlflow = {
      log_group_arn  = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/hokusai/mlflow/production"
      repository_arn = "arn:aws:ecr:us-east-1:123456789012:repository/hokusai/mlflow"

      parameter_arns        = ["arn:aws:ssm:us-east-1:123456789012:parameter/hokusai/production/database/mlflow-password"]
      parameter_key_aliases = ["alias/hokusai-database-production"]

      artifact_access = {
        bucket_arn = "arn:aws:s3:::hokusai-mlflow-artifacts-production"
        prefix     = "artifacts"
        key_alias  = "alias/hokusai-mlflow-artifacts-production"
      }
    }
  }
}
