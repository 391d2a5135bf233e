# What runs: three services and the migration, described once. Sizes come from the environment, names and wiring from here.
locals {
  tasks = {
    gateway = {
      image       = "gateway"
      port        = 8001
      runs_always = true
      command     = ["serve"]
      health      = ["CMD", "gateway", "health"]
      scratch     = { tmp = "/tmp" }
      environment = merge(local._lane_environment, {
        PORT                    = "8001"
        ENVIRONMENT             = var.environment
        PUBLIC_HOST             = local.hosts.registry
        MLFLOW_SERVER_URL       = "http://${module.service_discovery.hostnames["mlflow"]}:5000"
        AUTH_SERVICE_URL        = "http://${module.service_discovery.hostnames["auth"]}:8000"
        AUTH_SERVICE_ID         = "platform"
        AUTH_DEFAULT_SCOPES     = join(",", var.default_scopes)
        LEGACY_SERVICE_ID_UNTIL = var.legacy_service_id_until
        KEEP_ALIVE_SECONDS      = tostring(local._keep_alive_seconds)
      })
      parameters = {}
    }

    mlflow = {
      image       = "mlflow"
      port        = 5000
      runs_always = true
      command     = ["serve"]
      health      = ["CMD", "mlflow-server", "health"]
      # MLflow spools every artifact to disk, both ways, before it passes on a byte.
      scratch = { tmp = "/tmp" }
      environment = merge(local._database_environment, {
        PORT                  = "5000"
        ARTIFACTS_DESTINATION = local.artifacts_destination
        ALLOWED_HOSTS         = "${module.service_discovery.hostnames["mlflow"]}:5000"
        KEEP_ALIVE_SECONDS    = tostring(local._keep_alive_seconds)
      })
      parameters = {
        DATABASE_HOST     = module.database.parameter_arns["host"]
        DATABASE_PASSWORD = module.database.parameter_arns["mlflow-password"]
      }
    }

    # Run by hand or by a deploy before the service is updated: three servers on an empty database race each other.
    mlflow-migration = {
      image       = "mlflow"
      port        = null
      runs_always = false
      command     = ["migrate"]
      health      = null
      scratch     = { tmp = "/tmp" }
      environment = local._database_environment
      parameters = {
        DATABASE_HOST              = module.database.parameter_arns["host"]
        DATABASE_PASSWORD          = module.database.parameter_arns["mlflow-password"]
        DATABASE_MASTER_SECRET_ARN = module.database.parameter_arns["master-secret-arn"]
      }
    }

    # Another team's program: its image is built in its own repository, its settings come with the environment.
    auth = {
      image       = "auth"
      port        = 8000
      runs_always = true
      command     = null
      health      = ["CMD-SHELL", "wget -q -O /dev/null http://127.0.0.1:8000/health || exit 1"]
      scratch     = { tmp = "/tmp" }
      environment = { PORT = "8000", ENVIRONMENT = var.environment }
      parameters  = {}
    }
  }

  services = { for name, task in local.tasks : name => task if task.runs_always }

  # Longer than the load balancer keeps a connection, or it sends requests into connections that are being closed.
  _keep_alive_seconds = var.edge.idle_timeout_seconds + 30

  # Who reads and writes artifacts: MLflow always, the gateway only on its own lane.
  _artifact_services = var.artifact_lane == "direct" ? ["mlflow", "gateway"] : ["mlflow"]
  _lane_environment = merge({ ARTIFACT_LANE = var.artifact_lane }, var.artifact_lane != "direct" ? {} : {
    ARTIFACTS_DESTINATION = local.artifacts_destination
    AWS_REGION            = var.region
  })

  _database_environment = {
    ENVIRONMENT   = var.environment
    DATABASE_PORT = tostring(module.database.port)
    DATABASE_NAME = module.database.database_name
    DATABASE_USER = module.database.application_user
  }

  _repository_arns = {
    for name, task in local.tasks : name =>
    "arn:${data.aws_partition.current.partition}:ecr:${var.region}:${var.account_id}:repository/hokusai/${task.image}"
  }
}

module "service_discovery" {
  source = "../../modules/service-discovery"

  environment = var.environment
  vpc_id      = module.network.vpc_id
  services    = { mlflow = {}, auth = {} }
}

module "cluster" {
  source = "../../modules/ecs-cluster"

  environment        = var.environment
  container_insights = var.container_insights
  capacity_providers = var.capacity_providers
  allow_spot         = var.allow_spot
  exec               = var.exec_enabled ? {} : null
  log_retention_days = var.log_retention_days
  log_kms_key_arn    = module.observability.log_key_arn
}

module "task_roles" {
  source = "../../modules/task-roles"

  environment              = var.environment
  cluster_arn              = module.cluster.arn
  permissions_boundary_arn = local.permissions_boundary_arn

  roles = {
    for name, task in local.tasks : name => {
      log_group_arn         = module.observability.log_group_arns[name]
      repository_arn        = local._repository_arns[name]
      parameter_arns        = toset(values(task.parameters))
      parameter_key_aliases = length(task.parameters) > 0 ? toset([module.database.key_alias]) : toset([])
      artifact_access = !contains(local._artifact_services, name) ? null : {
        bucket_arn = module.artifact_bucket.bucket_arn
        prefix     = local.artifact_prefix
        key_alias  = module.artifact_bucket.key_alias
      }
      master_secret = name != "mlflow-migration" ? null : {
        arn_pattern   = module.database.master_secret_arn_pattern
        database_arn  = module.database.arn
        key_alias     = module.database.key_alias
        parameter_arn = module.database.parameter_arns["master-secret-arn"]
      }
      exec = !var.exec_enabled ? null : {
        log_group_arn = module.cluster.exec_log_group_arn
        key_alias     = module.cluster.exec_key_alias
      }
    }
  }
}

module "task" {
  source   = "../../modules/ecs-service"
  for_each = local.tasks

  name                  = each.key
  environment           = var.environment
  cluster               = { name = module.cluster.name, arn = module.cluster.arn }
  vpc_id                = module.network.vpc_id
  subnet_ids            = module.network.private_subnet_ids
  cpu                   = var.sizes[each.key].cpu
  memory                = var.sizes[each.key].memory
  ephemeral_storage_gib = var.sizes[each.key].ephemeral_storage_gib
  keep_revisions        = var.deletion_protection
  log_group_name        = module.observability.log_group_names[each.key]
  namespace_name        = module.service_discovery.namespace_name
  registered_hostnames  = toset(values(module.service_discovery.hostnames))

  roles = {
    execution_role_arn = module.task_roles.execution_role_arns[each.key]
    task_role_arn      = module.task_roles.task_role_arns[each.key]
  }

  containers = {
    (each.key) = {
      image                = var.images[each.value.image]
      command              = each.value.command
      port                 = each.value.port
      environment          = merge(each.value.environment, var.sizes[each.key].environment)
      secrets              = each.value.parameters
      scratch              = each.value.scratch
      stop_timeout_seconds = 120
      health_check         = each.value.health == null ? null : { command = each.value.health }
    }
  }

  service = !each.value.runs_always ? null : {
    scaling                           = var.sizes[each.key].scaling
    capacity_providers                = var.capacity_providers
    enable_exec                       = var.exec_enabled
    health_check_grace_period_seconds = 60
    deployment_alarm_names            = module.observability.deployment_alarm_names[each.key]
    load_balancer = {
      for name, target in local.target_groups : name => {
        target_group_arn = module.alb_rules.target_group_arns[name]
        container        = each.key
        port             = target.port
      } if target.service == each.key
    }
  }

  discovery = !contains(keys(module.service_discovery.hostnames), each.key) ? null : {
    service_arn = module.service_discovery.service_arns[each.key]
    hostname    = module.service_discovery.hostnames[each.key]
  }
}
