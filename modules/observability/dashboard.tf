# One screen for the question "is it us?": alarms first, then from the edge inwards, then the last errors.
locals {
  _metric_widgets = concat(
    flatten([
      for name, balancer in var.load_balancers : [
        {
          title = "${name}: requests"
          stat  = "Sum"
          metrics = [
            ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", balancer.arn_suffix],
            ["AWS/ApplicationELB", "HTTPCode_Target_4XX_Count", "LoadBalancer", balancer.arn_suffix],
            ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", balancer.arn_suffix],
            ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", balancer.arn_suffix],
          ]
        },
        {
          title = "${name}: response time (s), uploads included"
          stat  = "p95"
          metrics = [
            for key, arn_suffix in balancer.target_groups :
            ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", balancer.arn_suffix, "TargetGroup", arn_suffix, { label = key }]
          ]
        },
        {
          title = "${name}: healthy targets"
          stat  = "Maximum"
          metrics = [
            for key, arn_suffix in balancer.target_groups :
            ["AWS/ApplicationELB", "HealthyHostCount", "LoadBalancer", balancer.arn_suffix, "TargetGroup", arn_suffix, { label = key }]
          ]
        },
      ]
    ]),
    local._gateway_widgets,
    length(var.services) == 0 ? [] : [
      for widget in [
        { title = "Services: CPU (%)", metric = "CPUUtilization", stat = "Average" },
        { title = "Services: memory (%)", metric = "MemoryUtilization", stat = "Average" },
        { title = "Services: running tasks", metric = "CPUUtilization", stat = "SampleCount" },
        ] : {
        title = widget.title
        stat  = widget.stat
        metrics = [
          for key, service in var.services :
          ["AWS/ECS", widget.metric, "ClusterName", service.cluster_name, "ServiceName", service.service_name, { label = key }]
        ]
      }
    ],
    var.database == null ? [] : [
      for title, metrics in {
        "Database: CPU (%)"               = ["CPUUtilization"]
        "Database: connections"           = ["DatabaseConnections"]
        "Database: free storage (bytes)"  = ["FreeStorageSpace"]
        "Database: free memory (bytes)"   = ["FreeableMemory"]
        "Database: latency (s)"           = ["ReadLatency", "WriteLatency"]
        "Database: disk queue (requests)" = ["DiskQueueDepth"]
        } : {
        title   = title
        stat    = "Average"
        metrics = [for metric in metrics : ["AWS/RDS", metric, "DBInstanceIdentifier", var.database.identifier]]
      }
    ],
  )

  _alarm_names = concat(
    [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.target_errors : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.gateway : alarm.alarm_name],
  )

  # Three widgets a row of 24 columns, under the alarms.
  _widgets = concat(
    length(local._alarm_names) == 0 ? [] : [{
      type   = "alarm"
      x      = 0
      y      = 0
      width  = 24
      height = 4
      properties = {
        title  = "Alarms"
        alarms = [for name in sort(local._alarm_names) : "${local._alarm_arn_prefix}${name}"]
      }
    }],
    [for index, widget in local._metric_widgets : {
      type   = "metric"
      x      = index % 3 * 8
      y      = 4 + floor(index / 3) * 6
      width  = 8
      height = 6
      properties = {
        title   = widget.title
        region  = local._region
        stat    = widget.stat
        period  = 60
        view    = "timeSeries"
        metrics = widget.metrics
      }
    }],
    length(var.log_groups) == 0 ? [] : [{
      type   = "log"
      x      = 0
      y      = 4 + ceil(length(local._metric_widgets) / 3) * 6
      width  = 24
      height = 8
      properties = {
        title  = "Errors in the logs"
        region = local._region
        view   = "table"
        query = join(" | ", concat(
          [for group in values(var.log_groups) : "SOURCE '${group.name}'"],
          ["fields @timestamp, @log, @message", "filter @message like /(?i)error|critical|traceback/", "sort @timestamp desc", "limit 50"],
        ))
      }
    }],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "hokusai-${var.environment}"
  dashboard_body = jsonencode({ widgets = local._widgets })
}
