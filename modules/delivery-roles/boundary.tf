# The most that any role of the platform's services can do, whatever its own policy says: run tasks, write logs, use the artifact
# bucket and this environment's parameters, keys and database secret. No IAM, no STS, no state, no other environment.
resource "aws_iam_policy" "boundary" {
  name        = local._boundary_name
  description = "The most that a role of ${var.environment}'s services can do"
  policy      = data.aws_iam_policy_document.boundary.json
  tags        = var.tags
}

data "aws_iam_policy_document" "boundary" {
  statement {
    sid = "Artifacts"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetBucketLocation",
      "s3:GetObject",
      "s3:GetObjectVersionAcl",
      "s3:GetObjectVersionForReplication",
      "s3:GetObjectVersionTagging",
      "s3:GetReplicationConfiguration",
      "s3:ListBucket",
      "s3:ListBucketMultipartUploads",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]
    resources = [
      "arn:${local._partition}:s3:::hokusai-mlflow-artifacts-${var.environment}",
      "arn:${local._partition}:s3:::hokusai-mlflow-artifacts-${var.environment}/*",
    ]
  }

  # Only S3 replication calls these, and the copy lies in another account or region: its role's own policy names the bucket and
  # the key, and the account there must agree.
  statement {
    sid       = "ArtifactCopies"
    actions   = ["s3:ObjectOwnerOverrideToBucketOwner", "s3:ReplicateObject", "s3:ReplicateTags"]
    resources = ["arn:${local._partition}:s3:::hokusai-*/*"]
  }

  statement {
    sid       = "ArtifactCopyKeys"
    actions   = ["kms:Encrypt", "kms:GenerateDataKey"]
    resources = ["arn:${local._partition}:kms:*:*:key/*"]

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["s3.*.amazonaws.com"]
    }
  }

  statement {
    sid       = "Keys"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    resources = ["${local._arn["kms"]}:key/*"]

    condition {
      test     = "ForAnyValue:StringLike"
      variable = "kms:ResourceAliases"
      values   = ["alias/${local._name}"]
    }
  }

  # The aliases above include the state's.
  statement {
    sid       = "DenyStateKey"
    effect    = "Deny"
    actions   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
    resources = ["${local._arn["kms"]}:key/*"]

    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "kms:ResourceAliases"
      values   = [var.state.key_alias]
    }
  }

  statement {
    sid       = "Parameters"
    actions   = ["ssm:GetParameter", "ssm:GetParameters"]
    resources = ["${local._arn["ssm"]}:parameter/hokusai/${var.environment}/*"]
  }

  statement {
    sid       = "MasterSecret"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = ["${local._arn["secretsmanager"]}:secret:rds!db-*"]

    condition {
      test     = "ArnLike"
      variable = "aws:ResourceTag/aws:rds:primaryDBInstanceArn"
      values   = ["${local._arn["rds"]}:db:${local._name}"]
    }
  }

  statement {
    sid       = "Images"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["${local._arn["ecr"]}:repository/hokusai/*"]
  }

  # These know no resource: a registry token, and the channels of an ECS exec session.
  statement {
    sid = "ImageTokenAndExec"
    actions = [
      "ecr:GetAuthorizationToken",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = local._log_group_arns
  }

  # Flow logs and ECS exec look for their group first, a call that lists.
  statement {
    sid       = "FindLogGroups"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"]
  }

  # RDS enhanced monitoring writes to a group of RDS's own, one for the account.
  statement {
    sid = "DatabaseMonitoring"
    actions = [
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:DescribeLogStreams",
      "logs:GetLogEvents",
      "logs:PutLogEvents",
      "logs:PutRetentionPolicy",
    ]
    resources = [
      "${local._arn["logs"]}:log-group:RDSOSMetrics",
      "${local._arn["logs"]}:log-group:RDSOSMetrics:*",
    ]
  }
}
