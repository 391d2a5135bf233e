locals {
  _flow_log_group_name = "/vpc/hokusai/flow-logs/${var.environment}"
  # From the name, not from the resource: the role's policy is then readable in the first plan.
  _flow_log_group_arn = "arn:${local._partition}:logs:${local._region}:${local._account_id}:log-group:${local._flow_log_group_name}"
}

resource "aws_cloudwatch_log_group" "flow_logs" {
  name              = local._flow_log_group_name
  kms_key_id        = var.log_kms_key_arn
  retention_in_days = var.log_retention_days

  tags = var.tags
}

data "aws_iam_policy_document" "flow_logs_trust" {
  statement {
    sid     = "FlowLogsOfThisAccount"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local._account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local._partition}:ec2:${local._region}:${local._account_id}:vpc-flow-log/*"]
    }
  }
}

data "aws_iam_policy_document" "flow_logs" {
  statement {
    sid = "WriteFlowLogs"
    actions = [
      "logs:CreateLogStream",
      "logs:DescribeLogStreams",
      "logs:PutLogEvents",
    ]
    resources = [
      local._flow_log_group_arn,
      "${local._flow_log_group_arn}:*",
    ]
  }

  # The delivery looks its group up in a list, and a list is asked of the account's groups, not of one.
  statement {
    sid       = "FindLogGroup"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["arn:${local._partition}:logs:${local._region}:${local._account_id}:log-group:*"]
  }
}

resource "aws_iam_role" "flow_logs" {
  name                 = "hokusai-flow-logs-${var.environment}"
  description          = "Writes the flow logs of ${local._name} to CloudWatch Logs"
  assume_role_policy   = data.aws_iam_policy_document.flow_logs_trust.json
  permissions_boundary = var.permissions_boundary_arn

  tags = var.tags
}

resource "aws_iam_role_policy" "flow_logs" {
  name   = "write-flow-logs"
  role   = aws_iam_role.flow_logs.name
  policy = data.aws_iam_policy_document.flow_logs.json
}

resource "aws_flow_log" "this" {
  vpc_id          = aws_vpc.this.id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.flow_logs.arn
  iam_role_arn    = aws_iam_role.flow_logs.arn

  tags = merge(var.tags, { Name = local._name })

  # A flow log that may not write yet counts as created and stays silent.
  depends_on = [aws_iam_role_policy.flow_logs]
}
