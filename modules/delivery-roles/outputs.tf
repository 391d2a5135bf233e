output "apply_role_arn" {
  description = "ARN of the role for `make apply`, known at plan."
  value       = "${local._iam_arn}:role/${local._apply_role_name}"
}

output "boundary_arn" {
  description = "ARN of the permissions boundary of every role that the stack makes, known at plan: the stack's permissions_boundary_arn."
  value       = local._boundary_arn
}

output "plan_role_arn" {
  description = "ARN of the role for `make plan`, known at plan."
  value       = "${local._iam_arn}:role/${local._plan_role_name}"
}
