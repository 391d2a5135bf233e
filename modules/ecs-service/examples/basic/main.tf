# MLflow: found by name, reachable from the gateway only, two to six tasks.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "mlflow" {
  source = "../.."

  name                  = "mlflow"
  environment           = "staging"
  cluster               = { name = "hokusai-staging", arn = "arn:aws:ecs:us-east-1:123456789012:cluster/hokusai-staging" }
  vpc_id                = "vpc-0a1b2c3d4e5f60718"
  subnet_ids            = { a = "subnet-0a1b2c3d4e5f60718", b = "subnet-0f1e2d3c4b5a69788" }
  cpu                   = 1024
  memory                = 4096
  ephemeral_storage_gib = 50
  log_group_name        = "/ecs/hokusai/mlflow/staging"
  namespace_name        = "hokusai-staging.local"
  registered_hostnames  = ["auth.hokusai-staging.local", "mlflow.hokusai-staging.local"]

  roles = {
    execution_role_arn = "arn:aws:iam::123456789012:role/hokusai-mlflow-execution-staging"
    task_role_arn      = "arn:aws:iam::123456789012:role/hokusai-mlflow-task-staging"
  }

  containers = {
    mlflow = {
      image   = "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/mlflow@sha256:d28fe284a544815a59c8874ca31bfa1f1916e7ddbdbebf7615ba6ceccee380a2"
      command = ["serve"]
      port    = 5000

      environment = {
        ALLOWED_HOSTS         = "mlflow.hokusai-staging.local:5000"
        ARTIFACTS_DESTINATION = "s3://hokusai-mlflow-artifacts-staging/artifacts"
      }
      secrets = {
        DATABASE_PASSWORD = "arn:aws:ssm:us-east-1:123456789012:parameter/hokusai/staging/database/mlflow-password"
      }

      health_check = { command = ["CMD", "mlflow-server", "health"] }
      scratch      = { tmp = "/tmp" }
    }
  }

  service = {
    scaling                = { min = 2, max = 6, memory_target_percent = 75 }
    deployment_alarm_names = ["hokusai-staging-mlflow-cpu", "hokusai-staging-mlflow-memory"]
  }

  discovery = {
    service_arn = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-0a1b2c3d4e5f60718"
    hostname    = "mlflow.hokusai-staging.local"
  }
}
