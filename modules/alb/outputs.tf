output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "What CloudWatch calls the load balancer: its metrics' dimension `LoadBalancer`."
  value       = aws_lb.this.arn_suffix
}

output "dns_name" {
  description = "Host name that DNS aliases point to."
  value       = aws_lb.this.dns_name
}

output "https_listener_arn" {
  description = "Listener on 443 that rules belong to (module `alb-rules`)."
  value       = aws_lb_listener.https.arn
}

output "name" {
  description = "Name of the load balancer, known at plan."
  value       = local._name
}

output "security_group_id" {
  description = "Security group of the load balancer, without rules of its own (module `connections`)."
  value       = aws_security_group.this.id
}

output "zone_id" {
  description = "Hosted zone of `dns_name`, for DNS aliases."
  value       = aws_lb.this.zone_id
}
