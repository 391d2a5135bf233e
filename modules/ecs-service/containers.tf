data "aws_region" "current" {}

locals {
  # Where the agent of an exec session writes; with a read-only root it could not start otherwise.
  _exec_scratch = !local._exec ? {} : {
    exec-agent = "/var/lib/amazon"
    exec-log   = "/var/log/amazon"
  }
  _exec = var.service == null ? false : var.service.enable_exec

  _scratch = {
    for container, value in var.containers :
    container => merge(value.scratch, value.read_only_root_filesystem ? local._exec_scratch : {})
  }

  # Each container has its own: what one writes is not another's business.
  _volumes = toset(flatten([for container, mounts in local._scratch : [for name in keys(mounts) : "${container}-${name}"]]))

  # Written as ECS gives it back: sorted, with the values that ECS would fill in, without what is not set. So a plan shows what is
  # going to run, and the next plan is empty. Everything here is known at plan: no id of a resource that does not exist yet.
  _container_definitions = [for name, container in var.containers : {
    for key, value in {
      name       = name
      image      = container.image
      essential  = container.essential
      command    = container.command
      entryPoint = container.entrypoint
      cpu        = container.cpu
      memory     = container.memory
      user       = container.user

      readonlyRootFilesystem = container.read_only_root_filesystem

      environment = [for variable, text in container.environment : { name = variable, value = text }]
      secrets     = [for variable, arn in container.secrets : { name = variable, valueFrom = arn }]
      mountPoints = [for mount, path in local._scratch[name] : { sourceVolume = "${name}-${mount}", containerPath = path, readOnly = false }]

      # In awsvpc mode the port of the "host" is that of the container.
      portMappings = container.port == null ? [] : [{ containerPort = container.port, hostPort = container.port, protocol = "tcp" }]

      healthCheck = container.health_check == null ? null : {
        command     = container.health_check.command
        interval    = container.health_check.interval_seconds
        timeout     = container.health_check.timeout_seconds
        retries     = container.health_check.retries
        startPeriod = container.health_check.start_period_seconds
      }

      # A process 1 that reaps children and passes signals on, so that SIGTERM reaches the program.
      linuxParameters = { initProcessEnabled = true }
      stopTimeout     = container.stop_timeout_seconds

      # Non-blocking: when CloudWatch is slow, lines beyond 25 MiB are lost rather than requests.
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = var.log_group_name
          awslogs-region        = data.aws_region.current.id
          awslogs-stream-prefix = var.name
          max-buffer-size       = "25m"
          mode                  = "non-blocking"
        }
      }
    } : key => value if value != null
  }]
}
