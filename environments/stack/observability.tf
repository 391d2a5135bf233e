module "observability" {
  source = "../../modules/observability"

  environment         = var.environment
  log_groups          = { for name, group in local.log_groups : name => { name = group } }
  log_retention_days  = var.log_retention_days
  notification_emails = var.alarm_emails

  services = { for name in keys(local.services) : name => {
    cluster_name  = "hokusai-${var.environment}"
    service_name  = "hokusai-${name}"
    minimum_tasks = var.sizes[name].scaling.min
  } }

  load_balancers = { for name, alb in module.alb : name => {
    arn_suffix = alb.arn_suffix
    target_groups = {
      for target, listener in local.listener_of :
      local.target_groups[target].service => module.alb_rules.target_group_arn_suffixes[target] if listener == name
    }
  } }

  gateway = {
    service                 = "gateway"
    legacy_service_id_until = var.legacy_service_id_until
  }

  database = {
    identifier            = module.database.identifier
    allocated_storage_gib = var.database.allocated_storage_gib
    max_connections       = var.database.max_connections
  }
}
