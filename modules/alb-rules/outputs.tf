output "rules" {
  description = "The rules as they are evaluated, known at plan: by name, with listener, priority, conditions (empty: accepts everything) and what answers. For documentation and routing tests."
  value = {
    for name, rule in var.rules : name => {
      fixed_response = rule.fixed_response
      headers        = { for header, values in rule.headers : header => sort(values) }
      hosts          = sort(rule.hosts)
      listener       = rule.listener
      methods        = sort(rule.methods)
      paths          = sort(rule.paths)
      priority       = rule.priority
      redirect       = rule.redirect
      service        = try(var.target_groups[rule.target_group].service, null)
      source_cidrs   = sort(rule.source_cidrs)
      target_group   = rule.target_group
    }
  }
}

# Through the rules: a service may register only with a group that a load balancer uses already; ECS refuses to make it
# otherwise.
output "target_group_arns" {
  description = "Target groups by key, for the services that register with them. Known once the rules that use them exist."
  value       = { for key, group in aws_lb_target_group.this : key => group.arn }
  depends_on  = [aws_lb_listener_rule.this]
}

output "target_group_arn_suffixes" {
  description = "What CloudWatch calls the target groups, by key: their metrics' dimension `TargetGroup`."
  value       = { for key, group in aws_lb_target_group.this : key => group.arn_suffix }
}
