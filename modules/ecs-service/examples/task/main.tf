# A task without a service: MLflow's schema migration, run by a deployment before the servers are replaced.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "migration" {
  source = "../.."

  name                 = "mlflow-migration"
  environment          = "development"
  cluster              = { name = "hokusai-development", arn = "arn:aws:ecs:us-east-1:123456789012:cluster/hokusai-development" }
  vpc_id               = "vpc-0a1b2c3d4e5f60718"
  subnet_ids           = { a = "subnet-0a1b2c3d4e5f60718" }
  cpu                  = 512
  memory               = 2048
  keep_revisions       = false
  log_group_name       = "/ecs/hokusai/mlflow-migration/development"
  namespace_name       = "hokusai-development.local"
  registered_hostnames = ["mlflow.hokusai-development.local"]

  roles = {
    execution_role_arn = "arn:aws:iam::123456789012:role/hokusai-mlflow-migration-execution-development"
    task_role_arn      = "arn:aws:iam::123456789012:role/hokusai-mlflow-migration-task-development"
  }

  containers = {
    mlflow-migration = {
      image   = "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/mlflow@sha256:d28fe284a544815a59c8874ca31bfa1f1916e7ddbdbebf7615ba6ceccee380a2"
      command = ["migrate"]
      scratch = { tmp = "/tmp" }

      secrets = {
        DATABASE_HOST     = "arn:aws:ssm:us-east-1:123456789012:parameter/hokusai/development/database/host"
        DATABASE_PASSWORD = "arn:aws:ssm:us-east-1:123456789012:parameter/hokusai/development/database/mlflow-password"
      }
    }
  }
}
