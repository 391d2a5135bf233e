locals {
  # Port and VPC cannot be changed in place, and a group that rules use cannot be deleted: a new group has to exist
  # beside the old one until the rules have moved. So the port is part of the name. AWS allows 32 characters; in a
  # longer name a digest stands for what is cut. The environment stays at the end: permissions are given by it.
  _target_group_names = {
    for key, name in { for key, group in var.target_groups : key => "hokusai-${key}-${group.port}-${var.environment}" } :
    key => length(name) <= 32 ? name : "${trimsuffix(substr(name, 0, 24 - length(var.environment)), "-")}-${substr(sha256(name), 0, 6)}-${var.environment}"
  }
}

resource "aws_lb_target_group" "this" {
  for_each = var.target_groups

  name        = local._target_group_names[each.key]
  vpc_id      = var.vpc_id
  target_type = "ip" # Fargate tasks have addresses, and no instances
  protocol    = "HTTP"
  port        = each.value.port

  deregistration_delay = each.value.deregistration_delay_seconds
  slow_start           = each.value.slow_start

  health_check {
    path                = each.value.health_check.path
    matcher             = each.value.health_check.matcher
    interval            = each.value.health_check.interval_seconds
    timeout             = each.value.health_check.timeout_seconds
    healthy_threshold   = each.value.health_check.healthy_threshold
    unhealthy_threshold = each.value.health_check.unhealthy_threshold
  }

  tags = merge(var.tags, { Name = "hokusai-${each.key}-${var.environment}" })

  lifecycle {
    create_before_destroy = true
  }
}
