# Enhanced monitoring writes operating system figures to the log group RDSOSMetrics, one for the whole account and made by
# RDS. The role exists only where it is on.
locals {
  _monitoring     = var.monitoring_interval_seconds > 0
  _os_metrics_arn = "arn:${local._partition}:logs:${local._region}:${local._account_id}:log-group:RDSOSMetrics"
}

data "aws_iam_policy_document" "monitoring_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local._account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [local._arn]
    }
  }
}

# What the managed policy AmazonRDSEnhancedMonitoringRole allows, on the one group instead of every RDS* group.
data "aws_iam_policy_document" "monitoring" {
  statement {
    sid       = "Group"
    actions   = ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]
    resources = [local._os_metrics_arn]
  }

  statement {
    sid       = "Streams"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"]
    resources = ["${local._os_metrics_arn}:log-stream:*"]
  }
}

resource "aws_iam_role" "monitoring" {
  count = local._monitoring ? 1 : 0

  name                 = "hokusai-database-monitoring-${var.environment}"
  description          = "Lets RDS write enhanced monitoring of ${local._identifier} to CloudWatch Logs"
  assume_role_policy   = data.aws_iam_policy_document.monitoring_trust.json
  permissions_boundary = var.permissions_boundary_arn

  tags = merge(var.tags, { Name = "hokusai-database-monitoring-${var.environment}" })
}

resource "aws_iam_role_policy" "monitoring" {
  count = local._monitoring ? 1 : 0

  name   = "write-os-metrics"
  role   = aws_iam_role.monitoring[0].name
  policy = data.aws_iam_policy_document.monitoring.json
}
