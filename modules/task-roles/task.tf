# The task role is the program's. Most programs need nothing of AWS: they get a role without any policy, which is not the
# same as no role, since then nobody could see at a glance that nothing is allowed.
locals {
  _task_policies = {
    for name, role in var.roles : name => role
    if role.artifact_access != null || role.master_secret != null || role.exec != null
  }
}

data "aws_iam_policy_document" "task" {
  for_each = local._task_policies

  dynamic "statement" {
    for_each = each.value.artifact_access[*]

    content {
      sid       = "ListArtifacts"
      actions   = ["s3:ListBucket"]
      resources = [statement.value.bucket_arn]

      # The action is about the whole bucket; the prefix ends in / or "artifacts" would also list "artifacts-of-others/".
      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values   = ["${statement.value.prefix}/*"]
      }
    }
  }

  dynamic "statement" {
    for_each = each.value.artifact_access[*]

    content {
      sid = "ReadAndWriteArtifacts"
      actions = [
        "s3:AbortMultipartUpload",
        "s3:DeleteObject", # leaves the version behind; s3:DeleteObjectVersion is nobody's
        "s3:GetObject",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
      ]
      resources = ["${statement.value.bucket_arn}/${statement.value.prefix}/*"]
    }
  }

  # S3 asks KMS in the caller's name. Decrypt is for writing too: parts of an upload are read when it is completed.
  dynamic "statement" {
    for_each = each.value.artifact_access[*]

    content {
      sid       = "UseArtifactKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [local._any_key]

      condition {
        test     = "ForAnyValue:StringEquals"
        variable = "kms:ResourceAliases"
        values   = [statement.value.key_alias]
      }

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["s3.${local._region}.amazonaws.com"]
      }
    }
  }

  # RDS names the secret itself, with random characters; the tag that RDS puts on it says whose it is.
  dynamic "statement" {
    for_each = each.value.master_secret[*]

    content {
      sid       = "ReadMasterSecret"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [statement.value.arn_pattern]

      condition {
        test     = "StringEquals"
        variable = "aws:ResourceTag/aws:rds:primaryDBInstanceArn"
        values   = [statement.value.database_arn]
      }
    }
  }

  dynamic "statement" {
    for_each = each.value.master_secret[*]

    content {
      sid       = "DecryptMasterSecret"
      actions   = ["kms:Decrypt"]
      resources = [local._any_key]

      condition {
        test     = "ForAnyValue:StringEquals"
        variable = "kms:ResourceAliases"
        values   = [statement.value.key_alias]
      }

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["secretsmanager.${local._region}.amazonaws.com"]
      }
    }
  }

  # The agent beside the program opens the session's channels. These four actions know no resource.
  dynamic "statement" {
    for_each = each.value.exec[*]

    content {
      sid = "ExecChannels"
      actions = [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ]
      resources = ["*"]
    }
  }

  # The agent lists log groups to see that the record's is encrypted; a list is about all of them.
  dynamic "statement" {
    for_each = each.value.exec[*]

    content {
      sid       = "ExecFindLogGroup"
      actions   = ["logs:DescribeLogGroups"]
      resources = ["arn:${local._partition}:logs:${local._region}:${local._account_id}:log-group:*"]
    }
  }

  dynamic "statement" {
    for_each = each.value.exec[*]

    content {
      sid       = "ExecRecord"
      actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      resources = ["${statement.value.log_group_arn}:*"]
    }
  }

  # No kms:ViaService here: the agent calls KMS itself.
  dynamic "statement" {
    for_each = each.value.exec[*]

    content {
      sid       = "ExecSessionKey"
      actions   = ["kms:Decrypt"]
      resources = [local._any_key]

      condition {
        test     = "ForAnyValue:StringEquals"
        variable = "kms:ResourceAliases"
        values   = [statement.value.key_alias]
      }
    }
  }
}

resource "aws_iam_role" "task" {
  for_each = var.roles

  name                 = "hokusai-${each.key}-task-${var.environment}"
  description          = "The program ${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy" "task" {
  for_each = local._task_policies

  name   = "program"
  role   = aws_iam_role.task[each.key].name
  policy = data.aws_iam_policy_document.task[each.key].json
}
