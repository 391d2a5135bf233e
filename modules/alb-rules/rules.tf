resource "aws_lb_listener_rule" "this" {
  for_each = var.rules

  listener_arn = var.listener_arns[each.value.listener]
  priority     = each.value.priority

  dynamic "action" {
    for_each = each.value.target_group[*]

    content {
      type             = "forward"
      target_group_arn = aws_lb_target_group.this[action.value].arn
    }
  }

  dynamic "action" {
    for_each = each.value.fixed_response[*]

    content {
      type = "fixed-response"

      fixed_response {
        content_type = action.value.content_type
        message_body = action.value.message_body
        status_code  = tostring(action.value.status_code)
      }
    }
  }

  dynamic "action" {
    for_each = each.value.redirect[*]

    content {
      type = "redirect"

      redirect {
        host        = action.value.host
        path        = action.value.path
        port        = action.value.port
        protocol    = action.value.protocol
        query       = action.value.query
        status_code = "HTTP_${action.value.status_code}"
      }
    }
  }

  dynamic "condition" {
    for_each = length(each.value.hosts) > 0 ? [each.value.hosts] : []

    content {
      host_header {
        values = condition.value
      }
    }
  }

  dynamic "condition" {
    for_each = length(each.value.paths) > 0 ? [each.value.paths] : []

    content {
      path_pattern {
        values = condition.value
      }
    }
  }

  dynamic "condition" {
    for_each = length(each.value.methods) > 0 ? [each.value.methods] : []

    content {
      http_request_method {
        values = condition.value
      }
    }
  }

  dynamic "condition" {
    for_each = each.value.headers

    content {
      http_header {
        http_header_name = condition.key
        values           = condition.value
      }
    }
  }

  dynamic "condition" {
    for_each = length(each.value.source_cidrs) > 0 ? [each.value.source_cidrs] : []

    content {
      source_ip {
        values = condition.value
      }
    }
  }

  # Listener and target group also by name: their ARNs are not known at plan, and a reviewer asks where a rule leads.
  tags = merge(
    var.tags,
    { Name = "hokusai-${each.key}-${var.environment}", Listener = each.value.listener },
    each.value.target_group == null ? {} : { TargetGroup = each.value.target_group },
  )

  lifecycle {
    # Not a validation of `rules`: those may not use locals that are made from `rules`.
    precondition {
      condition = !contains(keys(local._shadowed_by), each.key)
      error_message = join(" ", [
        for earlier in lookup(local._shadowed_by, each.key, []) :
        "rules: \"${each.key}\" (priority ${each.value.priority}) is never reached: \"${earlier}\" (priority ${var.rules[earlier].priority}) takes all of its requests first on listener \"${each.value.listener}\". Give \"${each.key}\" a priority below ${var.rules[earlier].priority}, narrow \"${earlier}\", or remove one."
      ])
    }
  }
}
