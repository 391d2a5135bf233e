# One load balancer for both hosts. Anything else, MLflow above all, gets the listener's own 404.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "rules" {
  source = "../.."

  environment   = "staging"
  vpc_id        = "vpc-0a1b2c3d4e5f60001"
  listener_arns = { edge = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-edge-staging/50dc6c495c0c9188/f2f7dc8efc522ab2" }
  services      = ["auth", "gateway", "mlflow"]

  target_groups = {
    auth    = { service = "auth", port = 8000, health_check = { path = "/health" } }
    gateway = { service = "gateway", port = 8001, health_check = { path = "/health/ready" }, deregistration_delay_seconds = 300 }
  }

  rules = {
    # Answered by the load balancer itself.
    robots = {
      listener       = "edge"
      priority       = 10
      paths          = ["/robots.txt"]
      fixed_response = { status_code = 200, content_type = "text/plain", message_body = "User-agent: *\nDisallow: /\n" }
    }
    registry = {
      listener     = "edge"
      priority     = 20
      hosts        = ["registry.staging.example.com"]
      target_group = "gateway"
    }
    auth = {
      listener     = "edge"
      priority     = 30
      hosts        = ["auth.staging.example.com"]
      paths        = ["/api/v1/*", "/health"]
      target_group = "auth"
    }
  }
}
