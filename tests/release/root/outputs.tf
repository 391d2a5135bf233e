output "hosts" {
  description = "Public host names."
  value       = { registry = "registry.${var.domain}" }
}

# As in the real stack: each object is named by its key, also those that are gone or were never made.
output "log_groups" {
  description = "ARN by service."
  value       = { for name in var.generation == 1 ? ["gateway"] : ["gateway", "mlflow"] : name => aws_cloudwatch_log_group.service[name].arn }
}
