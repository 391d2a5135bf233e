data "aws_iam_policy_document" "observability" {
  statement {
    sid = "LogGroups"
    actions = [
      "logs:AssociateKmsKey",
      "logs:CreateLogGroup",
      "logs:DeleteLogGroup",
      "logs:DeleteMetricFilter",
      "logs:PutMetricFilter",
      "logs:PutRetentionPolicy",
      "logs:TagResource",
      "logs:UntagResource",
    ]
    resources = local._log_group_arns
  }

  # A release tells the last lines of a task that failed, and reads from the migration's which schema it left.
  statement {
    sid       = "ReadTaskLogs"
    actions   = ["logs:GetLogEvents"]
    resources = ["${local._arn["logs"]}:log-group:/ecs/hokusai/*/${var.environment}:log-stream:*"]
  }

  # WAF's delivery to CloudWatch Logs is set up in the caller's name through calls that know no resource.
  statement {
    sid       = "WebAclLogDelivery"
    actions   = ["logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:PutResourcePolicy"]
    resources = ["*"]
  }

  statement {
    sid = "AlarmsAndDashboard"
    actions = [
      "cloudwatch:DeleteAlarms",
      "cloudwatch:DeleteDashboards",
      "cloudwatch:PutCompositeAlarm",
      "cloudwatch:PutDashboard",
      "cloudwatch:PutMetricAlarm",
      "cloudwatch:TagResource",
      "cloudwatch:UntagResource",
    ]
    resources = [
      "${local._arn["cloudwatch"]}:alarm:hokusai-${var.environment}-*",
      # Application Auto Scaling makes its own alarms for a scaling policy, in the caller's name.
      "${local._arn["cloudwatch"]}:alarm:TargetTracking-service/hokusai-${var.environment}/*",
      # Dashboards belong to no region.
      "arn:${local._partition}:cloudwatch::${local._account_id}:dashboard/hokusai-${var.environment}",
    ]
  }

  statement {
    sid = "Notifications"
    actions = [
      "sns:CreateTopic",
      "sns:DeleteTopic",
      "sns:SetTopicAttributes",
      "sns:Subscribe",
      "sns:TagResource",
      "sns:UntagResource",
    ]
    resources = ["${local._arn["sns"]}:${local._name}"]
  }

  # Both know no resource: a subscription's ARN is the topic's with an id behind it.
  statement {
    sid       = "Subscriptions"
    actions   = ["sns:SetSubscriptionAttributes", "sns:Unsubscribe"]
    resources = ["*"]
  }
}
