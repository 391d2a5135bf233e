# Each alarm is an entry of a table; the tables are in alarms_*.tf, beside the thing that they watch. `missing` is what
# CloudWatch makes of a period without data, and every entry says why.
locals {
  _alarm_prefix = "hokusai-${var.environment}-"

  _alarms = merge(local._service_alarms, local._load_balancer_alarms, local._target_group_alarms, local._database_alarms, local._gateway_alarms)
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local._alarms

  alarm_name        = "${local._alarm_prefix}${each.key}"
  alarm_description = each.value.description

  namespace   = each.value.namespace
  metric_name = each.value.metric
  dimensions  = each.value.dimensions
  statistic   = each.value.statistic
  period      = each.value.period_seconds

  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]

  tags = merge(var.tags, { Name = "${local._alarm_prefix}${each.key}" })
}

# A share needs two metrics. A count would either sleep through an outage at night or wake people over one slow client by day.
resource "aws_cloudwatch_metric_alarm" "target_errors" {
  for_each = local._target_groups

  alarm_name        = "${local._alarm_prefix}${each.key}-target-errors"
  alarm_description = "More than ${each.value.error_percent} % of the requests to ${each.key} were answered with 5xx for ten minutes. Look for the request ids in the service's log."

  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.error_percent
  evaluation_periods  = 2
  # Without requests there is no data, and nothing is wrong; an outage is what no-healthy-target reports.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "share"
    label       = "Share of 5xx (%)"
    expression  = "IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)" # of fewer than 20 requests one error is noise
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = each.value.dimensions
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = each.value.dimensions
      stat        = "Sum"
      period      = 300
    }
  }

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]

  tags = merge(var.tags, { Name = "${local._alarm_prefix}${each.key}-target-errors" })
}
