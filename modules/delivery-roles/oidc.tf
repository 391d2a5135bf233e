# GitHub's side of the trust: https://docs.github.com/actions/reference/security/oidc. There is one provider an account, so only
# the first environment of an account makes it.
locals {
  _oidc_host = "token.actions.githubusercontent.com"
  _oidc_arn  = "${local._iam_arn}:oidc-provider/${local._oidc_host}"

  # Subjects are compared as they are, never with a pattern: "repo:owner/name:*" would let every branch and every pull request
  # apply. GitHub sends "environment" only after the environment's own rules (reviewers, branches) have let the job start.
  _plan_subjects = [
    "repo:${var.github_repository}:pull_request",
    "repo:${var.github_repository}:environment:${var.github_environment}-plan",
  ]
  _apply_subjects = ["repo:${var.github_repository}:environment:${var.github_environment}"]
}

# No thumbprint: AWS trusts GitHub's certificate through its own root store.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.create_oidc_provider ? 1 : 0

  url            = "https://${local._oidc_host}"
  client_id_list = ["sts.amazonaws.com"]
  tags           = var.tags
}

data "aws_iam_policy_document" "trust" {
  for_each = {
    apply = local._apply_subjects
    plan  = local._plan_subjects
  }

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local._oidc_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local._oidc_host}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local._oidc_host}:sub"
      values   = each.value
    }
  }
}
