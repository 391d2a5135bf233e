# Logs, alarms and dashboard of an environment with two services, one load balancer and a database.
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

  environment         = "staging"
  log_retention_days  = 30
  notification_emails = ["platform@hokus.ai"]

  log_groups = {
    gateway = { name = "/ecs/hokusai/gateway/staging" }
    mlflow  = { name = "/ecs/hokusai/mlflow/staging" }
  }

  services = {
    gateway = { cluster_name = "hokusai-staging", service_name = "hokusai-gateway", minimum_tasks = 2 }
    mlflow  = { cluster_name = "hokusai-staging", service_name = "hokusai-mlflow", memory_percent = 90 }
  }

  load_balancers = {
    edge = {
      arn_suffix    = "app/hokusai-edge-staging/50dc6c495c0c9188"
      target_groups = { gateway = "targetgroup/hokusai-gateway-staging/73e2d6bc24d8a067" }
    }
  }

  gateway = { service = "gateway", legacy_service_id_until = "2027-03-31" }

  database = {
    identifier            = "hokusai-mlflow-staging"
    allocated_storage_gib = 50
    max_connections       = 400
  }
}

output "deployment_alarm_names" {
  description = "What an ECS service names as its deployment alarms."
  value       = module.observability.deployment_alarm_names
}
