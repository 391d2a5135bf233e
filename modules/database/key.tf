# RDS, Performance Insights, Secrets Manager and Parameter Store use the key in the name of a caller whom IAM allows, or
# through a grant which that caller made. So AWS's own default statement is enough; task-roles narrows the decision to
# the alias and the service for each role.
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
}

resource "aws_kms_key" "this" {
  description             = "MLflow database of ${var.environment}: storage, backups, credentials"
  deletion_window_in_days = var.key_deletion_window_days
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.key.json

  tags = merge(var.tags, { Name = "hokusai-database-${var.environment}" })
}

resource "aws_kms_alias" "this" {
  name          = "alias/hokusai-database-${var.environment}"
  target_key_id = aws_kms_key.this.key_id
}
