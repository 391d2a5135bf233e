resource "aws_ecs_service" "this" {
  count = var.service == null ? 0 : 1

  name            = "hokusai-${var.name}"
  cluster         = var.cluster.arn
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = var.service.scaling.min # at creation; after that see ignore_changes

  # Named rather than LATEST, which today is the same: ephemeral storage needs it, and a newer one is a change to be seen.
  platform_version = "1.4.0"

  availability_zone_rebalancing      = "ENABLED"
  deployment_maximum_percent         = var.service.maximum_percent
  deployment_minimum_healthy_percent = var.service.minimum_healthy_percent
  enable_execute_command             = var.service.enable_exec

  # ECS refuses a grace period for a service without load balancer; the start period of the container's own check does the same.
  health_check_grace_period_seconds = length(var.service.load_balancer) > 0 ? var.service.health_check_grace_period_seconds : null

  # Tasks carry the service's tags: costs and permissions by tag would end at the service otherwise.
  enable_ecs_managed_tags = true
  propagate_tags          = "SERVICE"
  tags                    = var.tags

  network_configuration {
    assign_public_ip = false
    security_groups  = [aws_security_group.this.id]
    subnets          = values(var.subnet_ids)
  }

  dynamic "capacity_provider_strategy" {
    for_each = var.service.capacity_providers

    content {
      capacity_provider = capacity_provider_strategy.key
      base              = capacity_provider_strategy.value.base
      weight            = capacity_provider_strategy.value.weight
    }
  }

  # Tasks that do not start or stay healthy end a deployment and bring the last good revision back. The next plan then shows the
  # revision that failed as a change, which is what happened.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  # Tasks that start, but answer with errors or at their limit, do the same.
  dynamic "alarms" {
    for_each = length(var.service.deployment_alarm_names) > 0 ? [var.service.deployment_alarm_names] : []

    content {
      alarm_names = alarms.value
      enable      = true
      rollback    = true
    }
  }

  dynamic "load_balancer" {
    for_each = var.service.load_balancer

    content {
      target_group_arn = load_balancer.value.target_group_arn
      container_name   = load_balancer.value.container
      container_port   = load_balancer.value.port
    }
  }

  # Without this the name exists and resolves to nothing.
  dynamic "service_registries" {
    for_each = var.discovery[*]

    content {
      registry_arn = service_registries.value.service_arn
    }
  }

  # The number of tasks has one owner, Application Auto Scaling (scaling.tf), also where min and max are the same. Nothing else is ignored.
  lifecycle {
    ignore_changes = [desired_count]
  }
}
