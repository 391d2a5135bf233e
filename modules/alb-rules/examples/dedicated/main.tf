# A load balancer for each host: the same target groups, each on its own listener. Priorities count by listener.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "network" {
  source = "../../../network"

  environment = "staging"
  cidr        = "10.20.0.0/16"
  zones = {
    a = { public_cidr = "10.20.0.0/24", private_cidr = "10.20.16.0/20" }
    b = { public_cidr = "10.20.1.0/24", private_cidr = "10.20.32.0/20" }
  }

  log_kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1d6f0f3c-6a2f-4b8e-9d35-7c1f6f0a2b11"
  log_retention_days = 90
}

module "alb" {
  source   = "../../../alb"
  for_each = toset(["auth", "registry"])

  name        = each.key
  environment = "staging"

  vpc_id          = module.network.vpc_id
  subnet_ids      = module.network.public_subnet_ids
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1d6f0f3c-6a2f-4b8e-9d35-7c1f6f0a2b11"
  access_logs     = { bucket_name = "hokusai-access-logs-staging", prefix = "alb/${each.key}" }

  log_kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1d6f0f3c-6a2f-4b8e-9d35-7c1f6f0a2b11"
  log_retention_days = 90
}

module "rules" {
  source = "../.."

  environment   = "staging"
  vpc_id        = module.network.vpc_id
  listener_arns = { for name, alb in module.alb : name => alb.https_listener_arn }
  services      = ["auth", "gateway"]

  target_groups = {
    auth    = { service = "auth", port = 8000, health_check = { path = "/health" } }
    gateway = { service = "gateway", port = 8001, health_check = { path = "/health/ready" } }
  }

  rules = {
    registry = { listener = "registry", priority = 10, paths = ["/api/*", "/mlflow/*", "/health*"], target_group = "gateway" }
    auth     = { listener = "auth", priority = 10, paths = ["/api/v1/*", "/health"], target_group = "auth" }
    auth-moved = {
      listener = "auth"
      priority = 20
      paths    = ["/v1/*"]
      redirect = { path = "/api/#{path}", status_code = 302 }
    }
  }
}
