output "egress_rule_ids" {
  description = "Egress rules by connection (and range, where the other end is a set of ranges): waiting for them means that what they allow is open."
  value       = { for key, rule in aws_vpc_security_group_egress_rule.this : key => rule.security_group_rule_id }
}

output "ingress_rule_ids" {
  description = "Ingress rules by connection, likewise."
  value       = { for key, rule in aws_vpc_security_group_ingress_rule.this : key => rule.security_group_rule_id }
}
