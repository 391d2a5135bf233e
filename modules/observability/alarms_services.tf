locals {
  _service_dimensions = {
    for key, service in var.services : key => tomap({ ClusterName = service.cluster_name, ServiceName = service.service_name })
  }

  _service_alarms = merge(
    {
      for key, service in var.services : "${key}-cpu" => {
        description    = "${service.service_name} used more than ${service.cpu_percent} % of its CPU for a quarter of an hour: scaling is at its maximum or does not help."
        namespace      = "AWS/ECS"
        metric         = "CPUUtilization"
        dimensions     = local._service_dimensions[key]
        statistic      = "Average"
        comparison     = "GreaterThanThreshold"
        threshold      = service.cpu_percent
        period_seconds = 300
        periods        = 3
        # No task, no data: the tasks alarm says so. A second alarm, and a rolled back deployment, would say it wrongly.
        missing = "notBreaching"
      }
    },
    {
      for key, service in var.services : "${key}-memory" => {
        description    = "${service.service_name} used more than ${service.memory_percent} % of its memory for a quarter of an hour: its tasks are about to be killed."
        namespace      = "AWS/ECS"
        metric         = "MemoryUtilization"
        dimensions     = local._service_dimensions[key]
        statistic      = "Average"
        comparison     = "GreaterThanThreshold"
        threshold      = service.memory_percent
        period_seconds = 300
        periods        = 3
        # As for CPU.
        missing = "notBreaching"
      }
    },
    {
      # ECS publishes one sample a minute for each running task, so the number of samples is the number of tasks, also
      # where Container Insights is off and RunningTaskCount does not exist.
      for key, service in var.services : "${key}-tasks" => {
        description    = "${service.service_name} ran fewer than ${service.minimum_tasks} tasks for five minutes."
        namespace      = "AWS/ECS"
        metric         = "CPUUtilization"
        dimensions     = local._service_dimensions[key]
        statistic      = "SampleCount"
        comparison     = "LessThanThreshold"
        threshold      = service.minimum_tasks
        period_seconds = 60
        periods        = 5
        # No data is exactly the case of no task at all.
        missing = "breaching"
      } if service.minimum_tasks > 0
    },
  )

  # The alarms that a new version of a service can cause within minutes; `tasks` is not among them, because ECS's circuit
  # breaker already counts tasks that do not start.
  _deployment_alarms = {
    for key in keys(var.services) : key => toset(concat(
      [for kind in ["cpu", "memory"] : aws_cloudwatch_metric_alarm.this["${key}-${kind}"].alarm_name],
      [for name, group in local._target_groups : aws_cloudwatch_metric_alarm.target_errors[name].alarm_name if group.key == key],
      [for gateway in var.gateway[*] : aws_cloudwatch_metric_alarm.gateway["${key}-errors"].alarm_name if gateway.service == key],
    ))
  }
}
