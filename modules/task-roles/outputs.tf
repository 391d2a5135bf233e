# Built from names, so that whoever uses an ARN has it at plan, and taken from the attached policy, whose `role` is that name:
# whoever uses an ARN also waits until the role may do its work. A task that starts between role and policy fails to pull its
# image, and the circuit breaker counts it.
output "execution_role_arns" {
  description = "ARN of the execution role by service; known at plan."
  value = {
    for name, policy in aws_iam_role_policy.execution :
    name => "arn:${local._partition}:iam::${local._account_id}:role/${policy.role}"
  }
}

output "task_role_arns" {
  description = "ARN of the task role by service; known at plan."
  value = {
    for name, role in aws_iam_role.task :
    name => "arn:${local._partition}:iam::${local._account_id}:role/${contains(keys(local._task_policies), name) ? aws_iam_role_policy.task[name].role : role.name}"
  }
}
