# Known at plan, and through the capacity providers: a service that names one fails until the cluster has it.
output "arn" {
  description = "ARN of the cluster, built from its name: known at plan."
  value       = "arn:${local._partition}:ecs:${local._region}:${local._account_id}:cluster/${aws_ecs_cluster_capacity_providers.this.cluster_name}"
}

output "capacity_providers" {
  description = "Capacity providers with base and weight, for `ecs-service`."
  value       = var.capacity_providers
}

output "exec_key_alias" {
  description = "Alias of the key of exec sessions; null without `exec`."
  value       = one(aws_kms_alias.exec[*].name)
}

output "exec_log_group_arn" {
  description = "ARN of the log group of exec sessions, built from its name: known at plan; null without `exec`."
  value       = one([for group in aws_cloudwatch_log_group.exec : "arn:${local._partition}:logs:${local._region}:${local._account_id}:log-group:${group.name}"])
}

output "name" {
  description = "Name of the cluster; known at plan."
  value       = aws_ecs_cluster_capacity_providers.this.cluster_name
}
