# The apply role's own part: this environment's state and its lock, and what it must never do.
data "aws_iam_policy_document" "apply" {
  source_policy_documents = [
    data.aws_iam_policy_document.read_state.json,
    data.aws_iam_policy_document.write_state.json,
    data.aws_iam_policy_document.deny_secrets.json,
    data.aws_iam_policy_document.deny_escalation.json,
  ]
}

data "aws_iam_policy_document" "write_state" {
  statement {
    sid       = "WriteState"
    actions   = ["s3:PutObject"]
    resources = [local._state_arn]
  }

  # The bucket's policy takes an entry only where there was none.
  statement {
    sid       = "AppendToLedger"
    actions   = ["s3:PutObject"]
    resources = [local._ledger_arn]
  }

  statement {
    sid       = "LockState"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = [local._state_lock_arn]
  }

  statement {
    sid       = "EncryptState"
    actions   = ["kms:GenerateDataKey"]
    resources = ["${local._arn["kms"]}:key/*"]

    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "kms:ResourceAliases"
      values   = [var.state.key_alias]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local._region}.amazonaws.com"]
    }
  }
}

# The names of the delivery roles and of the boundary fit the patterns that the apply role may write. These denials keep it from
# changing who may assume it, what it may do, and the boundary that limits every role it makes.
data "aws_iam_policy_document" "deny_escalation" {
  statement {
    sid    = "DenyChangingDeliveryRoles"
    effect = "Deny"
    actions = [
      "iam:AttachRolePolicy",
      "iam:CreateRole",
      "iam:DeleteRole",
      "iam:DeleteRolePermissionsBoundary",
      "iam:DeleteRolePolicy",
      "iam:DetachRolePolicy",
      "iam:PassRole",
      "iam:PutRolePermissionsBoundary",
      "iam:PutRolePolicy",
      "iam:TagRole",
      "iam:UntagRole",
      "iam:UpdateAssumeRolePolicy",
      "iam:UpdateRole",
      "iam:UpdateRoleDescription",
      "sts:AssumeRole",
    ]
    resources = local._delivery_role_arns
  }

  statement {
    sid    = "DenyChangingBoundaries"
    effect = "Deny"
    actions = [
      "iam:CreatePolicy",
      "iam:CreatePolicyVersion",
      "iam:DeletePolicy",
      "iam:DeletePolicyVersion",
      "iam:SetDefaultPolicyVersion",
      "iam:TagPolicy",
      "iam:UntagPolicy",
    ]
    resources = ["${local._iam_arn}:policy/*"]
  }

  statement {
    sid       = "DenyLiftingBoundaries"
    effect    = "Deny"
    actions   = ["iam:DeleteRolePermissionsBoundary"]
    resources = ["${local._iam_arn}:role/*"]
  }

  statement {
    sid    = "DenyChangingTrust"
    effect = "Deny"
    actions = [
      "iam:AddClientIDToOpenIDConnectProvider",
      "iam:CreateOpenIDConnectProvider",
      "iam:DeleteOpenIDConnectProvider",
      "iam:RemoveClientIDFromOpenIDConnectProvider",
      "iam:TagOpenIDConnectProvider",
      "iam:UntagOpenIDConnectProvider",
      "iam:UpdateOpenIDConnectProviderThumbprint",
    ]
    resources = ["${local._iam_arn}:oidc-provider/*"]
  }

  # The state's bucket fits the bucket pattern too.
  statement {
    sid    = "DenyChangingStateBucket"
    effect = "Deny"
    actions = [
      "s3:BypassGovernanceRetention",
      "s3:DeleteBucket",
      "s3:DeleteBucketPolicy",
      "s3:DeleteObjectVersion",
      "s3:PutBucketAcl",
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
    ]
    resources = [local._state_bucket_arn, "${local._state_bucket_arn}/*"]
  }

  statement {
    sid       = "DenyDeletingState"
    effect    = "Deny"
    actions   = ["s3:DeleteObject"]
    resources = [local._state_arn, local._ledger_arn]
  }

  statement {
    sid    = "DenyChangingStateKey"
    effect = "Deny"
    actions = [
      "kms:CreateGrant",
      "kms:DeleteAlias",
      "kms:DisableKey",
      "kms:DisableKeyRotation",
      "kms:PutKeyPolicy",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateAlias",
    ]
    resources = ["${local._arn["kms"]}:key/*"]

    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "kms:ResourceAliases"
      values   = [var.state.key_alias]
    }
  }
}
