output "endpoint_security_group_id" {
  description = "Security group of the interface endpoints, without rules of its own; null where there is no interface endpoint."
  value       = one(aws_security_group.endpoints[*].id)
}

output "nat_public_ips" {
  description = "Addresses that the private subnets leave with, by zone of the NAT gateway; for allow-lists of others. Empty without NAT."
  value       = { for zone, address in aws_eip.nat : zone => address.public_ip }
}

output "private_subnet_ids" {
  description = "Private subnets by zone letter: tasks, database, interface endpoints."
  value       = { for zone, subnet in aws_subnet.private : zone => subnet.id }
}

output "public_subnet_ids" {
  description = "Public subnets by zone letter: load balancers and NAT gateways."
  value       = { for zone, subnet in aws_subnet.public : zone => subnet.id }
}

output "s3_prefix_list_id" {
  description = "Prefix list of S3 in this region, for rules that let a security group out to the gateway endpoint."
  value       = aws_vpc_endpoint.s3.prefix_list_id
}

output "vpc_cidr" {
  description = "Address range of the VPC."
  value       = var.cidr
}

output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}
