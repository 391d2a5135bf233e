resource "aws_kms_key" "this" {
  count = var.key == null ? 0 : 1

  description             = "Objects of the bucket ${var.name}"
  deletion_window_in_days = var.key.deletion_window_days
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.key.json
  tags                    = merge(var.tags, { Name = var.key.alias })
}

resource "aws_kms_alias" "this" {
  count = var.key == null ? 0 : 1

  name          = "alias/${var.key.alias}"
  target_key_id = aws_kms_key.this[0].key_id
}

data "aws_iam_policy_document" "key" {
  # AWS's own default, spelled out so that the plan shows it: the account's IAM policies decide who uses the key. Without this
  # statement no IAM policy has any effect on the key, and nobody could administer it.
  statement {
    sid       = "LetIamPoliciesDecide"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }
}
