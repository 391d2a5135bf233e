resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = local._egress_rules

  security_group_id = each.value.security_group_id
  description       = each.value.description
  ip_protocol       = each.value.protocol
  from_port         = each.value.port
  to_port           = each.value.port

  referenced_security_group_id = each.value.peer.security_group_id
  prefix_list_id               = each.value.peer.prefix_list_id
  cidr_ipv4                    = each.value.peer.cidr_ipv4
  cidr_ipv6                    = each.value.peer.cidr_ipv6

  # The ends by name: at plan the groups' ids are not known, and a reviewer asks who reaches whom.
  tags = merge(var.tags, { Name = "hokusai-${each.key}-${var.environment}", From = each.value.from, To = each.value.to })
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = local._ingress_rules

  security_group_id = each.value.security_group_id
  description       = each.value.description
  ip_protocol       = each.value.protocol
  from_port         = each.value.port
  to_port           = each.value.port

  referenced_security_group_id = each.value.peer.security_group_id
  prefix_list_id               = each.value.peer.prefix_list_id
  cidr_ipv4                    = each.value.peer.cidr_ipv4
  cidr_ipv6                    = each.value.peer.cidr_ipv6

  # The ends by name: at plan the groups' ids are not known, and a reviewer asks who reaches whom.
  tags = merge(var.tags, { Name = "hokusai-${each.key}-${var.environment}", From = each.value.from, To = each.value.to })
}
