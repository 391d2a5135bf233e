# The platform's own table, with groups that exist already: everything that may talk to anything, on one screen.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "connections" {
  source = "../.."

  environment = "staging"

  security_group_ids = {
    database  = "sg-0a1b2c3d4e5f60001"
    edge      = "sg-0a1b2c3d4e5f60002"
    endpoints = "sg-0a1b2c3d4e5f60003"
    gateway   = "sg-0a1b2c3d4e5f60004"
    mlflow    = "sg-0a1b2c3d4e5f60005"
  }
  cidr_sets    = { internet = ["0.0.0.0/0"] }
  prefix_lists = { s3 = "pl-63a5400a" }

  connections = {
    clients-to-edge      = { from = "internet", to = "edge", port = 443, description = "Clients, through the WAF" }
    clients-to-redirect  = { from = "internet", to = "edge", port = 80, description = "Answered with a redirect to HTTPS" }
    edge-to-gateway      = { from = "edge", to = "gateway", port = 8001, description = "Requests and health checks" }
    gateway-to-mlflow    = { from = "gateway", to = "mlflow", port = 5000, description = "The only way to MLflow" }
    gateway-to-endpoints = { from = "gateway", to = "endpoints", port = 443, description = "AWS services" }
    gateway-to-s3        = { from = "gateway", to = "s3", port = 443, description = "Image layers" }
    mlflow-to-database   = { from = "mlflow", to = "database", port = 5432, description = "Backend store" }
    mlflow-to-endpoints  = { from = "mlflow", to = "endpoints", port = 443, description = "AWS services" }
    mlflow-to-s3         = { from = "mlflow", to = "s3", port = 443, description = "Artifacts and image layers" }
  }
}
