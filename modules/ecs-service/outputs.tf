output "container_definitions" {
  description = "What runs in the task, as ECS is given it; known at plan."
  value       = local._container_definitions
}

output "family" {
  description = "Family of the task definition; known at plan."
  value       = local._family
}

output "security_group_id" {
  description = "Security group of the tasks, without rules: `connections` makes them."
  value       = aws_security_group.this.id
}

output "service_name" {
  description = "Name of the ECS service (`hokusai-<name>`), known at plan; null when there is only a task definition."
  value       = one(aws_ecs_service.this[*].name)
}

output "task_definition_arn" {
  description = "ARN of the task definition's revision."
  value       = aws_ecs_task_definition.this.arn
}
