# What the gateway counts itself, by kind of request and by what became of it. A search finds the values of a dimension, so
# a new kind of request shows without a change here.
locals {
  # What may become of a request, best first.
  _gateway_outcomes = ["ok", "client_error", "unauthenticated", "forbidden", "limited", "client_gone", "aborted", "server_error"]

  _gateway_search = "SEARCH('{${local._gateway_namespace},%s} MetricName=\"%s\" Environment=\"${var.environment}\"', '%s')"

  _gateway_widgets = flatten([for gateway in var.gateway[*] : [
    {
      title = "Gateway: requests by outcome"
      stat  = "Sum"
      metrics = [for outcome in local._gateway_outcomes : [{
        label      = outcome
        expression = "SUM(SEARCH('{${local._gateway_namespace},Environment,Endpoint,Outcome} MetricName=\"Requests\" Environment=\"${var.environment}\" Outcome=\"${outcome}\"', 'Sum'))"
      }]]
    },
    [
      for widget in [
        { title = "Gateway: requests by endpoint", dimensions = "Environment,Endpoint", metric = "Requests", stat = "Sum" },
        { title = "Gateway: latency p50 (ms) by endpoint", dimensions = "Environment,Endpoint", metric = "Latency", stat = "p50" },
        { title = "Gateway: latency p99 (ms) by endpoint, transfers included", dimensions = "Environment,Endpoint", metric = "Latency", stat = "p99" },
        { title = "Gateway: checks of API keys by outcome", dimensions = "Environment,Outcome", metric = "AuthOutcomes", stat = "Sum" },
        ] : {
        title   = widget.title
        stat    = widget.stat
        metrics = [[{ expression = format(local._gateway_search, widget.dimensions, widget.metric, widget.stat) }]]
      }
    ],
    [
      for title, metrics in merge(
        {
          "Gateway: bytes received and sent" = ["BytesIn", "BytesOut"]
          "Gateway: errors and retries"      = ["Errors", "Retries"]
        },
        { for last_day in gateway.legacy_service_id_until[*] : "Gateway: keys of the old service id (until ${last_day})" => ["LegacyServiceId"] },
        ) : {
        title   = title
        stat    = "Sum"
        metrics = [for metric in metrics : [local._gateway_namespace, metric, "Environment", var.environment]]
      }
    ],
  ]])
}
