# Buckets, keys, the database and its parameters. With deletion_protection the actions that lose data are not granted at all: even
# a plan that slipped through every review cannot be applied.
data "aws_iam_policy_document" "data" {
  statement {
    sid = "Buckets"
    actions = concat(
      [
        "s3:CreateBucket",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketLogging",
        "s3:PutBucketObjectLockConfiguration",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketTagging",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
        "s3:PutReplicationConfiguration",
        "s3:TagResource",
        "s3:UntagResource",
      ],
      var.deletion_protection ? [] : ["s3:DeleteBucket", "s3:ListBucketVersions"],
    )
    resources = ["arn:${local._partition}:s3:::${local._name}"]
  }

  dynamic "statement" {
    for_each = var.deletion_protection ? [] : [true]

    content {
      sid       = "EmptyBuckets"
      actions   = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
      resources = ["arn:${local._partition}:s3:::${local._name}/*"]
    }
  }

  # A key has no ARN before it exists.
  statement {
    sid       = "NewKeys"
    actions   = ["kms:CreateKey"]
    resources = ["*"]

    dynamic "condition" {
      for_each = local._ownership_tags

      content {
        test     = "StringEquals"
        variable = "aws:RequestTag/${condition.key}"
        values   = [condition.value]
      }
    }
  }

  # Tags are set with the creation, which asks for this too. A key that carries somebody's tag stays out of reach.
  statement {
    sid       = "TagNewKeys"
    actions   = ["kms:TagResource"]
    resources = ["${local._arn["kms"]}:key/*"]

    condition {
      test     = "Null"
      variable = "aws:ResourceTag/Environment"
      values   = ["true"]
    }

    dynamic "condition" {
      for_each = local._ownership_tags

      content {
        test     = "StringEquals"
        variable = "aws:RequestTag/${condition.key}"
        values   = [condition.value]
      }
    }
  }

  statement {
    sid = "OwnKeys"
    actions = concat(
      [
        "kms:CreateAlias",
        "kms:DeleteAlias",
        "kms:EnableKey",
        "kms:EnableKeyRotation",
        "kms:PutKeyPolicy",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:UpdateAlias",
        "kms:UpdateKeyDescription",
      ],
      var.deletion_protection ? [] : ["kms:ScheduleKeyDeletion"],
    )
    resources = ["${local._arn["kms"]}:key/*"]

    dynamic "condition" {
      for_each = local._ownership_tags

      content {
        test     = "StringEquals"
        variable = "aws:ResourceTag/${condition.key}"
        values   = [condition.value]
      }
    }
  }

  statement {
    sid       = "Aliases"
    actions   = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
    resources = ["${local._arn["kms"]}:alias/${local._name}"]
  }

  # RDS, Secrets Manager and Parameter Store use the database's key in the caller's name; none of this is possible directly.
  statement {
    sid       = "UseKeysThroughServices"
    actions   = ["kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
    resources = ["${local._arn["kms"]}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = [for service in ["rds", "secretsmanager", "ssm"] : "${service}.${local._region}.amazonaws.com"]
    }

    dynamic "condition" {
      for_each = local._ownership_tags

      content {
        test     = "StringEquals"
        variable = "aws:ResourceTag/${condition.key}"
        values   = [condition.value]
      }
    }
  }

  statement {
    sid = "Database"
    actions = concat(
      [
        "rds:AddTagsToResource",
        "rds:CreateDBInstance",
        "rds:CreateDBParameterGroup",
        "rds:CreateDBSnapshot",
        "rds:CreateDBSubnetGroup",
        "rds:DeleteDBParameterGroup",
        "rds:DeleteDBSubnetGroup",
        "rds:ModifyDBInstance",
        "rds:ModifyDBParameterGroup",
        "rds:ModifyDBSubnetGroup",
        "rds:RebootDBInstance",
        "rds:RemoveTagsFromResource",
        "rds:ResetDBParameterGroup",
      ],
      var.deletion_protection ? [] : ["rds:DeleteDBInstance"],
    )
    resources = flatten([for kind in ["db", "pg", "snapshot", "subgrp"] : [
      "${local._arn["rds"]}:${kind}:${local._name}",
      "${local._arn["rds"]}:${kind}:${local._name}-*",
    ]])
  }

  # RDS keeps the master password in a secret that it makes in the caller's name.
  statement {
    sid       = "MasterSecret"
    actions   = ["secretsmanager:CreateSecret", "secretsmanager:RotateSecret", "secretsmanager:TagResource"]
    resources = ["${local._arn["secretsmanager"]}:secret:rds!db-*"]
  }

  statement {
    sid       = "Parameters"
    actions   = ["ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:PutParameter", "ssm:RemoveTagsFromResource"]
    resources = ["${local._arn["ssm"]}:parameter/hokusai/${var.environment}/*"]
  }
}
