output "apply_role_arn" {
  description = "Role that the delivery applies with."
  value       = module.delivery_roles.apply_role_arn
}

output "plan_role_arn" {
  description = "Role that pull requests plan with; it can change nothing."
  value       = module.delivery_roles.plan_role_arn
}

output "repository_urls" {
  description = "Where images are pushed to, by service."
  value       = module.container_registry.repository_urls
}

output "state_bucket" {
  description = "Bucket of the Terraform state."
  value       = module.state_backend.bucket_name
}
