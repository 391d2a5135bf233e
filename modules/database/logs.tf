locals {
  # What RDS calls the log -> the group that it writes to. The names are RDS's.
  _log_groups = { for log in ["postgresql", "upgrade"] : log => "/aws/rds/instance/${local._identifier}/${log}" }
}

# Made before the instance: RDS would make them itself, to be kept forever and without a key of ours.
resource "aws_cloudwatch_log_group" "this" {
  for_each = local._log_groups

  name              = each.value
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn

  tags = merge(var.tags, { Name = each.value })
}
