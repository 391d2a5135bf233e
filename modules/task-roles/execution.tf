# The execution role is ECS's own: it pulls the image, opens the log stream and fetches what goes into the environment. The
# program never has it, so a program that is taken over cannot read its secrets again, or another's.
locals {
  # Each with every parameter that ECS reads; the master secret's ARN is one of them.
  _parameter_arns = {
    for name, role in var.roles :
    name => setunion(role.parameter_arns, role.master_secret == null ? [] : [role.master_secret.parameter_arn])
  }
}

data "aws_iam_policy_document" "execution" {
  for_each = var.roles

  # A token for the registry as a whole: the action knows no resource. What can be pulled with it is the next statement.
  statement {
    sid       = "RegistryToken"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid = "PullImage"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = [each.value.repository_arn]
  }

  statement {
    sid       = "WriteLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${each.value.log_group_arn}:*"] # its streams; log groups are made by Terraform, with retention and key
  }

  dynamic "statement" {
    for_each = length(local._parameter_arns[each.key]) > 0 ? [local._parameter_arns[each.key]] : []

    content {
      sid       = "ReadParameters"
      actions   = ["ssm:GetParameters"]
      resources = statement.value
    }
  }

  # Parameter Store decrypts in the caller's name and tells KMS for which parameter.
  dynamic "statement" {
    for_each = length(each.value.parameter_key_aliases) > 0 ? [each.value.parameter_key_aliases] : []

    content {
      sid       = "DecryptParameters"
      actions   = ["kms:Decrypt"]
      resources = [local._any_key]

      condition {
        test     = "ForAnyValue:StringEquals"
        variable = "kms:ResourceAliases"
        values   = statement.value
      }

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["ssm.${local._region}.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "kms:EncryptionContext:PARAMETER_ARN"
        values   = local._parameter_arns[each.key]
      }
    }
  }
}

resource "aws_iam_role" "execution" {
  for_each = var.roles

  name                 = "hokusai-${each.key}-execution-${var.environment}"
  description          = "ECS, to start tasks of ${each.key}: image, log, parameters"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy" "execution" {
  for_each = var.roles

  name   = "start-tasks"
  role   = aws_iam_role.execution[each.key].name
  policy = data.aws_iam_policy_document.execution[each.key].json
}
