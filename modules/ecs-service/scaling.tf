locals {
  _scaling             = try(var.service.scaling, null)
  _requests_per_target = try(var.service.scaling.requests_per_target, null)

  # With a fixed size there is nothing to decide, and policies would only bring their alarms.
  _scaling_targets = local._scaling == null || try(local._scaling.min == local._scaling.max, true) ? {} : {
    for name, target in {
      cpu    = { metric = "ECSServiceAverageCPUUtilization", value = local._scaling.cpu_target_percent }
      memory = { metric = "ECSServiceAverageMemoryUtilization", value = local._scaling.memory_target_percent }
    } : name => target if target.value != null
  }
}

# Always there: with min = max it holds the size against a hand that changes it.
resource "aws_appautoscaling_target" "this" {
  count = var.service == null ? 0 : 1

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster.name}/${aws_ecs_service.this[0].name}"
  min_capacity       = var.service.scaling.min
  max_capacity       = var.service.scaling.max
  tags               = var.tags
}

# Out within a minute, in after five: a task too many for some minutes costs less than uploads that are cut off.
resource "aws_appautoscaling_policy" "utilization" {
  for_each = local._scaling_targets

  name               = "hokusai-${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.value
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
    }
  }
}

resource "aws_appautoscaling_policy" "requests" {
  count = local._requests_per_target == null || try(local._scaling.min == local._scaling.max, true) ? 0 : 1

  name               = "hokusai-${var.name}-requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = local._requests_per_target.requests
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    # Which requests: the load balancer's and the target group's part of their ARNs.
    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label = join("/", [
        local._requests_per_target.load_balancer_arn_suffix,
        element(split(":", var.service.load_balancer[local._requests_per_target.load_balancer].target_group_arn), 5),
      ])
    }
  }
}
