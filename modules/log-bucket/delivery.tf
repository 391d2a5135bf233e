# Each source may write below its own prefix only, and only on behalf of the one resource named: a log delivery service acts
# for every AWS account, so without SourceAccount and SourceArn anybody's load balancer could fill this bucket.
data "aws_iam_policy_document" "delivery" {
  dynamic "statement" {
    for_each = var.sources.buckets

    content {
      sid       = "AccessLogsOfBucket${replace(title(replace(statement.key, "-", " ")), " ", "")}"
      actions   = ["s3:PutObject"]
      resources = ["${local._bucket_arn}/${statement.value.prefix}*"]

      principals {
        type        = "Service"
        identifiers = ["logging.s3.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [local._account_id]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = ["arn:${local._partition}:s3:::${statement.value.bucket_name}"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.sources.load_balancers

    content {
      sid       = "AccessLogsOfLoadBalancer${replace(title(replace(statement.key, "-", " ")), " ", "")}"
      actions   = ["s3:PutObject"]
      resources = ["${local._bucket_arn}/${statement.value}/AWSLogs/${local._account_id}/*"]

      principals {
        type        = "Service"
        identifiers = ["logdelivery.elasticloadbalancing.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [local._account_id]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = ["arn:${local._partition}:elasticloadbalancing:${local._region}:${local._account_id}:loadbalancer/app/hokusai-${statement.key}-${var.environment}/*"]
      }
    }
  }
}
