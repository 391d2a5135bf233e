# What the gateway counts itself. It prints a line in CloudWatch's embedded metric format every few seconds; CloudWatch makes
# metrics of such lines in any log group of the standard class. Names and dimensions: services/gateway/gateway/metrics.py;
# tests/modules/test_observability_gateway.py holds both together.
locals {
  _gateway_namespace  = "Hokusai/Gateway"
  _gateway_dimensions = tomap({ Environment = var.environment })

  # Calls that MLflow answers from its database. The time of all others says how large something is.
  _gateway_quick_endpoints = toset(["experiments", "models", "runs"])

  _gateway_alarms = merge([for gateway in var.gateway[*] : {
    # No key can be checked: everybody whose key is not remembered is refused with 503.
    "${gateway.service}-auth-unavailable" = {
      description    = "At least ten API keys could not be checked within five minutes: the auth service is down, slow, or answers what it must not. Clients get 503."
      namespace      = local._gateway_namespace
      metric         = "AuthOutcomes"
      dimensions     = tomap({ Environment = var.environment, Outcome = "server_error" })
      statistic      = "Sum"
      comparison     = "GreaterThanOrEqualToThreshold"
      threshold      = 10
      period_seconds = 300
      periods        = 1
      # An outcome is only published when there was one.
      missing = "notBreaching"
    }

    # The other alarms on the gateway's metrics take silence for peace, so this one says that they are blind.
    "${gateway.service}-silent" = {
      description    = "The gateway has published no metric for ten minutes: it does not run, or its log lines do not reach CloudWatch."
      namespace      = local._gateway_namespace
      metric         = "Retries" # in every line of totals, also when it is zero
      dimensions     = local._gateway_dimensions
      statistic      = "SampleCount"
      comparison     = "LessThanThreshold"
      threshold      = 1
      period_seconds = 300
      periods        = 2
      # No data is exactly the case.
      missing = "breaching"
    }
  }]...)

  _gateway_probe_dimensions = tomap({ Environment = var.environment, Endpoint = "health" })

  # What clients asked for: the load balancer's health checks are requests too, more than all others on a quiet night, and
  # would hide errors among them.
  _gateway_requests = {
    probes   = { name = "Requests", stat = "Sum", dimensions = local._gateway_probe_dimensions }
    requests = { name = "Requests", stat = "Sum", dimensions = local._gateway_dimensions }
  }

  # Alarms on more than one metric. Of fewer than 20 requests one error, retry or slow answer is noise.
  _gateway_expressions = merge(flatten([for gateway in var.gateway[*] : [
    {
      "${gateway.service}-errors" = {
        description    = "More than ${gateway.error_percent} % of the requests to the gateway ended with 5xx, or were broken off, for ten minutes. Its log names each with its request id and reason."
        label          = "Share of errors (%)"
        expression     = "IF(requests - FILL(probes, 0) >= 20, 100 * (errors - FILL(failed_probes, 0)) / (requests - FILL(probes, 0)), 0)"
        threshold      = gateway.error_percent
        period_seconds = 300
        periods        = 2
        metrics = merge(local._gateway_requests, {
          errors        = { name = "Errors", stat = "Sum", dimensions = local._gateway_dimensions }
          failed_probes = { name = "Errors", stat = "Sum", dimensions = local._gateway_probe_dimensions }
        })
      }

      "${gateway.service}-retries" = {
        description    = "More than ${gateway.retry_percent} % of the requests had to be sent to MLflow again for a quarter of an hour: its tasks refuse or drop connections. Clients see nothing of it yet."
        label          = "Share of retries (%)"
        expression     = "IF(requests - FILL(probes, 0) >= 20, 100 * retries / (requests - FILL(probes, 0)), 0)"
        threshold      = gateway.retry_percent
        period_seconds = 300
        periods        = 3
        metrics = merge(local._gateway_requests, {
          retries = { name = "Retries", stat = "Sum", dimensions = local._gateway_dimensions }
        })
      }
    },
    # One call of ten, not of a hundred: with few requests the slowest of a hundred is simply the slowest.
    {
      for endpoint in local._gateway_quick_endpoints : "${gateway.service}-slow-${endpoint}" => {
        description    = "One of ten calls (${endpoint}) took more than ${gateway.slow_milliseconds} ms for a quarter of an hour. Look at the database first."
        label          = "90th percentile (ms)"
        expression     = "IF(requests >= 20, latency, 0)"
        threshold      = gateway.slow_milliseconds
        period_seconds = 300
        periods        = 3
        metrics = {
          latency  = { name = "Latency", stat = "p90", dimensions = tomap({ Environment = var.environment, Endpoint = endpoint }) }
          requests = { name = "Requests", stat = "Sum", dimensions = tomap({ Environment = var.environment, Endpoint = endpoint }) }
        }
      }
    },
    # The alarm knows the date by itself, so it begins without a plan or a person that looks at the calendar.
    {
      for last_day in gateway.legacy_service_id_until[*] : "${gateway.service}-legacy-service-id" => {
        description    = "Keys of the old service id are still in use, and end with ${last_day}. The gateway's log has the key id of each request: ask their holders to make new ones."
        label          = "Requests with old keys"
        expression     = "IF(10000 * YEAR(uses) + 100 * MONTH(uses) + DATE(uses) >= ${formatdate("YYYYMMDD", timeadd("${last_day}T00:00:00Z", "-672h"))}, uses, 0)"
        threshold      = 0
        period_seconds = 86400
        periods        = 1
        metrics = {
          uses = { name = "LegacyServiceId", stat = "Sum", dimensions = local._gateway_dimensions }
        }
      }
    },
  ]])...)
}

resource "aws_cloudwatch_metric_alarm" "gateway" {
  for_each = local._gateway_expressions

  alarm_name        = "${local._alarm_prefix}${each.key}"
  alarm_description = each.value.description

  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  # Without requests there is no data, and nothing is wrong; that the gateway is silent is an alarm of its own.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "result"
    label       = each.value.label
    expression  = each.value.expression
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id = metric_query.key

      metric {
        namespace   = local._gateway_namespace
        metric_name = metric_query.value.name
        dimensions  = metric_query.value.dimensions
        stat        = metric_query.value.stat
        period      = each.value.period_seconds
      }
    }
  }

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]

  tags = merge(var.tags, { Name = "${local._alarm_prefix}${each.key}" })
}
