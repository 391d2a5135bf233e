resource "aws_ecs_cluster" "this" {
  name = local._name
  tags = var.tags

  setting {
    name  = "containerInsights"
    value = var.container_insights
  }

  # Without a configuration ECS would still allow exec where a service enables it, and record it in the service's own log.
  # Services enable it only with `exec` (task roles lack the permissions otherwise); this is where the record goes then.
  dynamic "configuration" {
    for_each = aws_kms_key.exec

    content {
      execute_command_configuration {
        kms_key_id = configuration.value.arn
        logging    = "OVERRIDE"

        log_configuration {
          cloud_watch_encryption_enabled = true # the session ends when the log group is not encrypted
          cloud_watch_log_group_name     = aws_cloudwatch_log_group.exec[0].name
        }
      }
    }
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = keys(var.capacity_providers)

  dynamic "default_capacity_provider_strategy" {
    for_each = var.capacity_providers

    content {
      capacity_provider = default_capacity_provider_strategy.key
      base              = default_capacity_provider_strategy.value.base
      weight            = default_capacity_provider_strategy.value.weight
    }
  }
}
