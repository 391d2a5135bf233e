# Names come from the resources: known at plan, and whoever uses one waits until it exists.
output "hostnames" {
  description = "Full name by service, e.g. `mlflow.hokusai-staging.local`; known at plan. What `ecs-service` calls `registered_hostnames`."
  value       = { for name, service in aws_service_discovery_service.this : name => "${service.name}.${aws_service_discovery_private_dns_namespace.this.name}" }
}

output "namespace_id" {
  description = "Id of the namespace."
  value       = aws_service_discovery_private_dns_namespace.this.id
}

output "namespace_name" {
  description = "Name of the namespace; known at plan."
  value       = aws_service_discovery_private_dns_namespace.this.name
}

output "service_arns" {
  description = "ARN by service, for `discovery` of `ecs-service`."
  value       = { for name, service in aws_service_discovery_service.this : name => service.arn }
}
