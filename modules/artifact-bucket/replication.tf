resource "aws_s3_bucket_replication_configuration" "this" {
  count = var.replication == null ? 0 : 1

  bucket = module.bucket.bucket_name
  role   = aws_iam_role.replication[0].arn

  rule {
    id     = "everything"
    status = "Enabled"

    filter {
      prefix = ""
    }

    # A copy is a way back from a deletion, so deletions stay here.
    delete_marker_replication {
      status = "Disabled"
    }

    # Without this S3 silently skips every object encrypted with KMS, which is all of them.
    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }

    destination {
      bucket  = var.replication.destination_bucket_arn
      account = local._foreign_destination ? var.replication.destination_account_id : null

      # The copies belong to the account that keeps them: who can delete here cannot delete there.
      dynamic "access_control_translation" {
        for_each = local._foreign_destination ? [true] : []

        content {
          owner = "Destination"
        }
      }

      encryption_configuration {
        replica_kms_key_id = var.replication.destination_kms_key_arn
      }
    }
  }

  # A role without its policy replicates nothing, and S3 does not go back to what it missed.
  depends_on = [aws_iam_role_policy.replication]
}

locals {
  _account_id          = data.aws_caller_identity.current.account_id
  _partition           = data.aws_partition.current.partition
  _region              = data.aws_region.current.id
  _bucket_arn          = "arn:${local._partition}:s3:::hokusai-mlflow-artifacts-${var.environment}"
  _foreign_destination = try(var.replication.destination_account_id, null) != null && try(var.replication.destination_account_id, null) != local._account_id
  # arn:aws:kms:<region>:<account>:key/<id>
  _destination_region = try(split(":", var.replication.destination_kms_key_arn)[3], "")
}

resource "aws_iam_role" "replication" {
  count = var.replication == null ? 0 : 1

  name                 = "hokusai-artifact-replication-${var.environment}"
  description          = "S3 copies artifacts of hokusai-mlflow-artifacts-${var.environment} with it"
  assume_role_policy   = data.aws_iam_policy_document.replication_trust.json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

data "aws_iam_policy_document" "replication_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local._account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [local._bucket_arn]
    }
  }
}

resource "aws_iam_role_policy" "replication" {
  count = var.replication == null ? 0 : 1

  name   = "replicate"
  role   = aws_iam_role.replication[0].name
  policy = data.aws_iam_policy_document.replication[0].json
}

data "aws_iam_policy_document" "replication" {
  count = var.replication == null ? 0 : 1

  statement {
    sid       = "ReadSourceConfiguration"
    actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
    resources = [local._bucket_arn]
  }

  statement {
    sid       = "ReadSourceObjects"
    actions   = ["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
    resources = ["${local._bucket_arn}/*"]
  }

  statement {
    sid = "WriteCopies"
    actions = concat(
      ["s3:ReplicateObject", "s3:ReplicateTags"],
      local._foreign_destination ? ["s3:ObjectOwnerOverrideToBucketOwner"] : [],
    )
    resources = ["${var.replication.destination_bucket_arn}/*"]
  }

  statement {
    sid       = "DecryptSource"
    actions   = ["kms:Decrypt"]
    resources = ["arn:${local._partition}:kms:${local._region}:${local._account_id}:key/*"]

    # KMS makes up the key's id, so the policy would be unknown at plan; its alias is ours.
    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "kms:ResourceAliases"
      values   = ["alias/hokusai-mlflow-artifacts-${var.environment}"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local._region}.amazonaws.com"]
    }
  }

  statement {
    sid       = "EncryptCopies"
    actions   = ["kms:Encrypt", "kms:GenerateDataKey"]
    resources = [var.replication.destination_kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local._destination_region}.amazonaws.com"]
    }
  }
}
