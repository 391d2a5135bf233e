data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  _account_id = data.aws_caller_identity.current.account_id
  _partition  = data.aws_partition.current.partition
  _region     = data.aws_region.current.id

  _log_group_arn_prefix = "arn:${local._partition}:logs:${local._region}:${local._account_id}:log-group:"
  _alarm_arn_prefix     = "arn:${local._partition}:cloudwatch:${local._region}:${local._account_id}:alarm:"
}

data "aws_iam_policy_document" "key" {
  statement {
    sid       = "AccountDecidesByIam"
    actions   = ["kms:*"]
    resources = ["*"] # in a key policy: this key

    principals {
      type        = "AWS"
      identifiers = ["arn:${local._partition}:iam::${local._account_id}:root"]
    }
  }

  # Every log group of the account and region, because other modules make groups under this key too: flow logs
  # (/vpc/...), the firewall's (aws-waf-logs-...), the database's (/aws/rds/...), audited exec. The encryption context keeps
  # the service from using the key for a group of another account.
  statement {
    sid = "CloudWatchLogs"
    actions = [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ]
    resources = ["*"] # in a key policy: this key

    principals {
      type        = "Service"
      identifiers = ["logs.${local._region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["${local._log_group_arn_prefix}*"]
    }
  }

  # Without this an alarm changes its state and the notification is dropped without a trace: CloudWatch encrypts for the topic.
  statement {
    sid       = "CloudWatchAlarms"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"] # in a key policy: this key

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

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:sns:topicArn"
      values   = [local._topic_arn]
    }
  }
}

resource "aws_kms_key" "this" {
  description             = "Logs and notifications of ${var.environment}"
  deletion_window_in_days = var.key_deletion_window_days
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.key.json

  tags = merge(var.tags, { Name = "hokusai-logs-${var.environment}" })
}

resource "aws_kms_alias" "this" {
  name          = "alias/hokusai-logs-${var.environment}"
  target_key_id = aws_kms_key.this.key_id
}
