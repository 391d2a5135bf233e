# alarm_name and log group names are known at plan; taken from the resources, so that whoever uses one waits for it.
output "deployment_alarm_names" {
  description = "By service: the names of the alarms that roll a deployment back (CPU, memory, errors of the target groups named like the service, and those that the gateway counts)."
  value       = local._deployment_alarms
}

output "log_group_arns" {
  description = "ARN by log group key, built from the name: known at plan."
  value       = { for key, group in aws_cloudwatch_log_group.this : key => "${local._log_group_arn_prefix}${group.name}" }
}

output "log_group_names" {
  description = "Name by log group key."
  value       = { for key, group in aws_cloudwatch_log_group.this : key => group.name }
}

output "log_key_alias" {
  description = "Alias of the key of logs and notifications; policies name the key by it."
  value       = aws_kms_alias.this.name
}

output "log_key_arn" {
  description = "ARN of that key, for log groups that other modules make. CloudWatch Logs accepts no alias."
  value       = aws_kms_key.this.arn
}

output "topic_arn" {
  description = "ARN of the topic that every alarm notifies."
  value       = aws_sns_topic.this.arn
}
