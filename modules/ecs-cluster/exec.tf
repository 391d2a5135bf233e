# The key encrypts the channel between the person's terminal and the container, over the TLS that is there anyway: the two
# ends ask KMS for the session's data key themselves. IAM decides who may: task-roles for the tasks, and the permissions of
# the people who open sessions.
data "aws_iam_policy_document" "exec_key" {
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

resource "aws_kms_key" "exec" {
  count = local._exec_count

  description             = "Exec sessions in tasks of ${var.environment}"
  deletion_window_in_days = var.key_deletion_window_days
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.exec_key.json

  tags = merge(var.tags, { Name = "hokusai-exec-${var.environment}" })
}

resource "aws_kms_alias" "exec" {
  count = local._exec_count

  name          = "alias/hokusai-exec-${var.environment}"
  target_key_id = aws_kms_key.exec[0].key_id
}

resource "aws_cloudwatch_log_group" "exec" {
  count = local._exec_count

  name              = local._exec_log_group
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn

  tags = merge(var.tags, { Name = local._exec_log_group })
}
