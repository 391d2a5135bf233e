# Roles of the platform's services: made, changed and removed only while they carry the boundary, so that whatever the apply role
# writes into them, they can do no more than the boundary says.
data "aws_iam_policy_document" "identity" {
  statement {
    sid = "RolesWithinTheBoundary"
    actions = [
      "iam:AttachRolePolicy",
      "iam:CreateRole",
      "iam:DeleteRole",
      "iam:DeleteRolePolicy",
      "iam:DetachRolePolicy",
      "iam:PutRolePermissionsBoundary",
      "iam:PutRolePolicy",
      "iam:UpdateAssumeRolePolicy",
      "iam:UpdateRole",
      "iam:UpdateRoleDescription",
    ]
    resources = ["${local._iam_arn}:role/${local._name}"]

    condition {
      test     = "StringEquals"
      variable = "iam:PermissionsBoundary"
      values   = [local._boundary_arn]
    }
  }

  # Tagging knows no boundary, and gives no permission: nothing here decides by a role's tags.
  statement {
    sid       = "RoleTags"
    actions   = ["iam:TagRole", "iam:UntagRole"]
    resources = ["${local._iam_arn}:role/${local._name}"]
  }

  statement {
    sid       = "HandRolesToServices"
    actions   = ["iam:PassRole"]
    resources = ["${local._iam_arn}:role/${local._name}"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com", "monitoring.rds.amazonaws.com", "s3.amazonaws.com", "vpc-flow-logs.amazonaws.com"]
    }
  }

  # AWS's own roles, made once an account by the first use of a service. Their permissions are AWS's.
  statement {
    sid       = "ServiceLinkedRoles"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["${local._iam_arn}:role/aws-service-role/*"]

    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values = [
        "ecs.amazonaws.com",
        "ecs.application-autoscaling.amazonaws.com",
        "elasticloadbalancing.amazonaws.com",
        "rds.amazonaws.com",
        "wafv2.amazonaws.com",
      ]
    }
  }
}
