# The edge in one of two topologies: `shared` is one load balancer whose rules tell the hosts apart, `dedicated` is one
# for each host. Rules and target groups are the same; only the listener that they hang on differs.
locals {
  load_balancers = var.edge.topology == "shared" ? { edge = ["registry", "auth"] } : { registry = ["registry"], auth = ["auth"] }

  # host -> load balancer
  listener_of = merge([for name, hosts in local.load_balancers : { for host in hosts : host => name }]...)

  target_groups = {
    registry = {
      service = "gateway"
      port    = local.tasks.gateway.port
      health_check = {
        path                = "/health"
        matcher             = "200"
        interval_seconds    = 15
        timeout_seconds     = 5
        healthy_threshold   = 2
        unhealthy_threshold = 3
      }
      # Uploads that run when a task is drained may still end.
      deregistration_delay_seconds = 120
    }
    auth = {
      service = "auth"
      port    = local.tasks.auth.port
      health_check = {
        path                = "/health"
        matcher             = "200"
        interval_seconds    = 15
        timeout_seconds     = 5
        healthy_threshold   = 2
        unhealthy_threshold = 3
      }
      deregistration_delay_seconds = 30
    }
  }

  # An allow list: what no rule names is answered with 404 by the listener. Five values a rule is AWS's limit.
  listener_rules = {
    registry = {
      listener     = local.listener_of.registry
      priority     = 100
      hosts        = [local.hosts.registry]
      paths        = ["/api/*", "/ajax-api/*", "/mlflow", "/mlflow/*"]
      target_group = "registry"
    }
    registry-service = {
      listener     = local.listener_of.registry
      priority     = 110
      hosts        = [local.hosts.registry]
      paths        = ["/health", "/health/*", "/version", "/v1/traces"]
      target_group = "registry"
    }
    auth = {
      listener     = local.listener_of.auth
      priority     = 200
      hosts        = [local.hosts.auth]
      paths        = ["/api/v1/*", "/health"]
      target_group = "auth"
    }
  }
}

data "aws_route53_zone" "public" {
  name         = var.domain
  private_zone = false
}

data "aws_acm_certificate" "public" {
  domain      = var.domain
  statuses    = ["ISSUED"]
  most_recent = true
}

module "alb" {
  source   = "../../modules/alb"
  for_each = local.load_balancers

  name                 = each.key
  environment          = var.environment
  vpc_id               = module.network.vpc_id
  subnet_ids           = module.network.public_subnet_ids
  certificate_arn      = data.aws_acm_certificate.public.arn
  access_logs          = { bucket_name = module.log_bucket.bucket_name, prefix = "alb/${each.key}" }
  idle_timeout_seconds = var.edge.idle_timeout_seconds
  waf                  = { rate_limit_per_5_minutes = var.edge.rate_limit_per_5_minutes }
  deletion_protection  = var.deletion_protection
  log_retention_days   = var.log_retention_days
  log_kms_key_arn      = module.observability.log_key_arn
}

module "alb_rules" {
  source = "../../modules/alb-rules"

  environment   = var.environment
  vpc_id        = module.network.vpc_id
  listener_arns = { for name, alb in module.alb : name => alb.https_listener_arn }
  services      = toset([for name, task in local.tasks : name if task.runs_always])
  target_groups = local.target_groups
  rules         = local.listener_rules
}

resource "aws_route53_record" "host" {
  for_each = local.hosts

  zone_id = data.aws_route53_zone.public.zone_id
  name    = each.value
  type    = "A"

  alias {
    name                   = module.alb[local.listener_of[each.key]].dns_name
    zone_id                = module.alb[local.listener_of[each.key]].zone_id
    evaluate_target_health = true
  }
}
