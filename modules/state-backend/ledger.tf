# The ledger is append-only for everybody, administrators too: an entry is written where there was none (S3 itself compares, when the
# request says If-None-Match), and no entry is deleted. Without the delete, an entry could be written a second time. A copy cannot be
# conditional, so there are none. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
data "aws_iam_policy_document" "ledger" {
  statement {
    sid       = "DenyOverwritingLedger"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${local._bucket_arn}/ledger/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Null"
      variable = "s3:if-none-match"
      values   = ["true"]
    }
  }

  statement {
    sid       = "DenyDeletingLedger"
    effect    = "Deny"
    actions   = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ReplicateDelete", "s3:ReplicateObject"]
    resources = ["${local._bucket_arn}/ledger/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
