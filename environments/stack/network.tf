module "network" {
  source = "../../modules/network"

  environment         = var.environment
  cidr                = var.network.cidr
  zones               = var.network.zones
  nat                 = var.network.nat
  interface_endpoints = var.network.interface_endpoints
  log_retention_days  = var.log_retention_days
  log_kms_key_arn     = module.observability.log_key_arn

  permissions_boundary_arn = local.permissions_boundary_arn
}

# Who may talk to whom: the whole platform in one table. What is not here is refused by the network.
module "connections" {
  source = "../../modules/connections"

  environment        = var.environment
  security_group_ids = local._security_groups
  cidr_sets          = { internet = ["0.0.0.0/0"] }
  prefix_lists       = { s3 = module.network.s3_prefix_list_id }
  connections        = merge(local._connections, local._edge_connections, local._aws_connections)
}

locals {
  _security_groups = merge(
    { for name, task in module.task : name => task.security_group_id },
    { for name, alb in module.alb : "alb-${name}" => alb.security_group_id },
    { database = module.database.security_group_id },
    local._has_endpoints ? { endpoints = module.network.endpoint_security_group_id } : {},
  )
  _has_endpoints = length(var.network.interface_endpoints) > 0

  _connections = {
    gateway-to-mlflow     = { from = "gateway", to = "mlflow", port = local.tasks.mlflow.port, description = "tracking API and artifacts, only through the gateway" }
    gateway-to-auth       = { from = "gateway", to = "auth", port = local.tasks.auth.port, description = "API key validation" }
    mlflow-to-database    = { from = "mlflow", to = "database", port = module.database.port, description = "backend store" }
    migration-to-database = { from = "mlflow-migration", to = "database", port = module.database.port, description = "schema migration" }
  }

  _edge_connections = merge(
    {
      for name in keys(local.load_balancers) :
      "internet-to-alb-${name}" => { from = "internet", to = "alb-${name}", port = 443, description = "clients" }
    },
    {
      for name in keys(local.load_balancers) :
      "internet-to-alb-${name}-redirect" => { from = "internet", to = "alb-${name}", port = 80, description = "redirected to HTTPS" }
    },
    {
      for name, target in local.target_groups :
      "alb-${local.listener_of[name]}-to-${target.service}" => {
        from = "alb-${local.listener_of[name]}", to = target.service, port = target.port, description = "forwarded requests"
      }
    },
  )

  # Image pulls, logs, parameters and keys: through the endpoints where there are some, else through NAT.
  _aws_connections = merge(
    {
      for name in keys(local.tasks) :
      "${name}-to-aws" => { from = name, to = local._has_endpoints ? "endpoints" : "internet", port = 443, description = "AWS APIs" }
    },
    {
      for name in keys(local.tasks) :
      "${name}-to-s3" => {
        from = name, to = "s3", port = 443, description = contains(local._artifact_services, name) ? "image layers and artifacts" : "image layers"
      }
    },
  )
}
