locals {
  _topic_name = "hokusai-alarms-${var.environment}"
  _topic_arn  = "arn:${local._partition}:sns:${local._region}:${local._account_id}:${local._topic_name}"
}

resource "aws_sns_topic" "this" {
  name              = local._topic_name
  display_name      = "Hokusai ${var.environment}"
  kms_master_key_id = aws_kms_key.this.arn

  tags = merge(var.tags, { Name = local._topic_name })
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "AlarmsOfThisEnvironment"
    actions   = ["sns:Publish"]
    resources = [local._topic_arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local._account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["${local._alarm_arn_prefix}${local._alarm_prefix}*"]
    }
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sns:Publish", "sns:Subscribe"]
    resources = [local._topic_arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.topic.json
}

# AWS mails each address a link to confirm; until it is followed the subscription is pending and receives nothing.
resource "aws_sns_topic_subscription" "email" {
  for_each = var.notification_emails

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.value
}
