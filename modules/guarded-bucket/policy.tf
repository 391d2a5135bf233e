resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket_versioning.this.bucket
  policy = data.aws_iam_policy_document.bucket.json
}

data "aws_iam_policy_document" "bucket" {
  source_policy_documents = concat(
    [data.aws_iam_policy_document.transport.json],
    var.key == null ? [] : [data.aws_iam_policy_document.encryption.json],
    var.policy_documents,
  )
}

data "aws_iam_policy_document" "transport" {
  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local._bucket_arn, "${local._bucket_arn}/*"]

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

  statement {
    sid       = "DenyOldTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local._bucket_arn, "${local._bucket_arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "NumericLessThan"
      variable = "s3:TlsVersion"
      values   = ["1.2"]
    }
  }
}

# The bucket encrypts every object with its own key by default. These statements refuse a request that asks for anything
# else, by refusing every request that asks at all. Comparing the named key with ours would look more natural and does not
# hold: the key's ARN is unknown at the first plan, and a request that sends `aws:kms` WITHOUT naming a key does not get the
# bucket's key but the account-wide aws/s3 key (S3 API reference, PutObject), which passes such a comparison. So clients send
# no encryption header; MLflow and boto3 do not unless told to.
data "aws_iam_policy_document" "encryption" {
  dynamic "statement" {
    for_each = {
      DenyChosenAlgorithm      = "s3:x-amz-server-side-encryption"
      DenyChosenKey            = "s3:x-amz-server-side-encryption-aws-kms-key-id"
      DenyCustomerProvidedKeys = "s3:x-amz-server-side-encryption-customer-algorithm"
    }

    content {
      sid       = statement.key
      effect    = "Deny"
      actions   = ["s3:PutObject"]
      resources = ["${local._bucket_arn}/*"]

      principals {
        type        = "*"
        identifiers = ["*"]
      }

      condition {
        test     = "Null"
        variable = statement.value
        values   = ["false"]
      }
    }
  }
}
