locals {
  _target_groups = merge([
    for name, balancer in var.load_balancers : {
      for key, arn_suffix in balancer.target_groups : "${name}-${key}" => {
        key           = key
        error_percent = balancer.error_percent
        dimensions    = tomap({ LoadBalancer = balancer.arn_suffix, TargetGroup = arn_suffix })
      }
    }
  ]...)

  _load_balancer_alarms = {
    for name, balancer in var.load_balancers : "${name}-balancer-errors" => {
      description    = "The load balancer ${name} itself answered 5xx (502, 503, 504: no target, or one that did not answer) at least ten times within five minutes."
      namespace      = "AWS/ApplicationELB"
      metric         = "HTTPCode_ELB_5XX_Count"
      dimensions     = tomap({ LoadBalancer = balancer.arn_suffix })
      statistic      = "Sum"
      comparison     = "GreaterThanOrEqualToThreshold"
      threshold      = 10
      period_seconds = 300
      periods        = 1
      # The metric is only published when it is not zero.
      missing = "notBreaching"
    }
  }

  # There is no alarm on TargetResponseTime: it contains the upload of an artifact, minutes by nature. The dashboard shows it.
  _target_group_alarms = merge(
    {
      # Maximum: each zone counts its own targets, and the least of the zones is zero while the others serve.
      for name, group in local._target_groups : "${name}-no-healthy-target" => {
        description    = "${name} has no healthy target: every request is answered with 503."
        namespace      = "AWS/ApplicationELB"
        metric         = "HealthyHostCount"
        dimensions     = group.dimensions
        statistic      = "Maximum"
        comparison     = "LessThanThreshold"
        threshold      = 1
        period_seconds = 60
        periods        = 2
        # A target group in which nothing is registered publishes nothing.
        missing = "breaching"
      }
    },
    {
      for name, group in local._target_groups : "${name}-unhealthy-targets" => {
        description    = "${name} has had an unhealthy target for ten minutes: it is served by fewer tasks than meant, and ECS does not get it replaced."
        namespace      = "AWS/ApplicationELB"
        metric         = "UnHealthyHostCount"
        dimensions     = group.dimensions
        statistic      = "Maximum"
        comparison     = "GreaterThanThreshold"
        threshold      = 0
        period_seconds = 60
        periods        = 10
        # Nothing registered: no-healthy-target says so.
        missing = "notBreaching"
      }
    },
  )
}
