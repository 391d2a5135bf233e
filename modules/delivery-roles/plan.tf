# The plan role's own part: this environment's state, and what no reading policy may ever give it. Pull requests plan with
# -lock=false, so there is no write to the state bucket at all.
data "aws_iam_policy_document" "plan" {
  source_policy_documents = [data.aws_iam_policy_document.read_state.json, data.aws_iam_policy_document.deny_secrets.json]
}

data "aws_iam_policy_document" "read_state" {
  statement {
    sid = "FindState"
    # `terraform init` lists the bucket for workspaces, so a condition on the prefix would break it. Keys are no secret. The versions
    # show whether an entry of the ledger was ever replaced.
    actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
    resources = [local._state_bucket_arn]
  }

  statement {
    sid       = "ReadState"
    actions   = ["s3:GetObject"]
    resources = concat([local._state_arn, local._ledger_arn], local._other_state_arns)
  }

  statement {
    sid       = "DecryptState"
    actions   = ["kms:Decrypt"]
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

# Terraform needs parameters of this environment and its own state. Whatever a policy attached later might allow, these roles
# read no other secret, no artifact and no other state.
data "aws_iam_policy_document" "deny_secrets" {
  statement {
    sid       = "DenySecretValues"
    effect    = "Deny"
    actions   = ["secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue"]
    resources = ["*"]
  }

  statement {
    sid           = "DenyOtherParameters"
    effect        = "Deny"
    actions       = ["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters", "ssm:GetParametersByPath"]
    not_resources = ["${local._arn["ssm"]}:parameter/hokusai/${var.environment}/*"]
  }

  statement {
    sid           = "DenyOtherObjects"
    effect        = "Deny"
    actions       = ["s3:GetObject", "s3:GetObjectVersion"]
    not_resources = concat([local._state_arn, local._state_lock_arn, local._ledger_arn], local._other_state_arns)
  }
}
