resource "aws_iam_role" "plan" {
  name                 = local._plan_role_name
  description          = "terraform plan of ${var.environment}: reads configuration and state, changes nothing, not even the state's lock"
  assume_role_policy   = data.aws_iam_policy_document.trust["plan"].json
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role" "apply" {
  name                 = local._apply_role_name
  description          = "terraform apply of ${var.environment}, from the GitHub environment ${var.github_environment} only"
  assume_role_policy   = data.aws_iam_policy_document.trust["apply"].json
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

# IAM takes 6,144 characters a managed policy and ten of them a role, so permissions are cut by what they are about. Reading is
# the same for both roles: what plan cannot see, apply could not refresh either.
locals {
  _read_policies = {
    read-account  = data.aws_iam_policy_document.read_account.json
    read-platform = data.aws_iam_policy_document.read_platform.json
  }
  _write_policies = {
    compute       = data.aws_iam_policy_document.compute.json
    data          = data.aws_iam_policy_document.data.json
    edge          = data.aws_iam_policy_document.edge.json
    identity      = data.aws_iam_policy_document.identity.json
    network       = data.aws_iam_policy_document.network.json
    observability = data.aws_iam_policy_document.observability.json
  }
}

resource "aws_iam_policy" "this" {
  for_each = merge(local._read_policies, local._write_policies)

  name        = "hokusai-delivery-${each.key}-${var.environment}"
  description = "Delivery roles of ${var.environment}: ${each.key}"
  policy      = each.value
  tags        = var.tags

  lifecycle {
    precondition {
      condition     = length(replace(each.value, "/\\s/", "")) <= 6144
      error_message = "The policy \"${each.key}\" has ${length(replace(each.value, "/\\s/", ""))} characters, IAM takes 6144: shorten ownership_tags or dns_names, or split modules/delivery-roles/${each.key}.tf."
    }
  }
}

resource "aws_iam_role_policy_attachment" "plan" {
  for_each = local._read_policies

  role       = aws_iam_role.plan.name
  policy_arn = aws_iam_policy.this[each.key].arn
}

resource "aws_iam_role_policy_attachment" "apply" {
  for_each = merge(local._read_policies, local._write_policies)

  role       = aws_iam_role.apply.name
  policy_arn = aws_iam_policy.this[each.key].arn
}

# In the role itself rather than attached to it: what a role must never do cannot be detached.
resource "aws_iam_role_policy" "plan" {
  name   = "state-and-limits"
  role   = aws_iam_role.plan.name
  policy = data.aws_iam_policy_document.plan.json
}

resource "aws_iam_role_policy" "apply" {
  name   = "state-and-limits"
  role   = aws_iam_role.apply.name
  policy = data.aws_iam_policy_document.apply.json
}
