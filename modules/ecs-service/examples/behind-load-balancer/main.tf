# The gateway: behind a load balancer, scaled by requests too, and never by a name of the namespace that nobody registered.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "gateway" {
  source = "../.."

  name                 = "gateway"
  environment          = "production"
  cluster              = { name = "hokusai-production", arn = "arn:aws:ecs:us-east-1:123456789012:cluster/hokusai-production" }
  vpc_id               = "vpc-0a1b2c3d4e5f60718"
  subnet_ids           = { a = "subnet-0a1b2c3d4e5f60718", b = "subnet-0f1e2d3c4b5a69788" }
  cpu                  = 512
  memory               = 1024
  log_group_name       = "/ecs/hokusai/gateway/production"
  namespace_name       = "hokusai-production.local"
  registered_hostnames = ["auth.hokusai-production.local", "mlflow.hokusai-production.local"]

  roles = {
    execution_role_arn = "arn:aws:iam::123456789012:role/hokusai-gateway-execution-production"
    task_role_arn      = "arn:aws:iam::123456789012:role/hokusai-gateway-task-production"
  }

  containers = {
    gateway = {
      image   = "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/gateway@sha256:ecd1170dc2c5ad2447d93f6601ab94385ab736871a7b63e040a97b422d35cfcf"
      command = ["serve"]
      port    = 8001

      environment = {
        AUTH_SERVICE_URL  = "http://auth.hokusai-production.local:8000"
        MLFLOW_SERVER_URL = "http://mlflow.hokusai-production.local:5000"
      }

      health_check = { command = ["CMD", "gateway", "health"] }
      scratch      = { tmp = "/tmp" }
    }
  }

  service = {
    scaling = {
      min = 3
      max = 12
      requests_per_target = {
        requests                 = 600
        load_balancer            = "registry"
        load_balancer_arn_suffix = "app/hokusai-registry-production/50dc6c495c0c9188"
      }
    }

    load_balancer = {
      registry = {
        target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-production/943f017f100becff"
        container        = "gateway"
        port             = 8001
      }
    }

    deployment_alarm_names = ["hokusai-production-gateway-cpu"]
  }
}
