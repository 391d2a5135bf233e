# Roles of the platform's services: made, changed and removed only while they carry the boundary, so that whatever the apply role
# writes into them, they can do no more than the boundary says.
data "aws_iam_policy_document" "identity" {
  statement {
    sid = "RolesWithinTheBoundary"
    actions = [
      "iam:AttachRolePolicy",
      "iam:CreateRole",
      "iam:DeleteRolePolicy",
      "iam:DetachRolePolicy",
      "iam:PutRolePermissionsBoundary",
      "iam:PutRolePolicy",
    ]
    resources = ["${local._iam_arn}:role/${local._name}"]

    condition {
      test     = "StringEquals"
      variable = "iam:PermissionsBoundary"
      values   = [local._boundary_arn]
    }
  }

  # These calls tell nothing of the boundary, so a condition on it would refuse them always. None of them gives anybody a right:
  # nothing here decides by a role's tags, and the delivery roles are denied (apply.tf). The same is true of
  # iam:UpdateAssumeRolePolicy but for its harm: it would hand over any role of a fitting name. So it is missing.
  statement {
    sid = "RolesByName"
    actions = [
      "iam:DeleteRole",
      "iam:TagRole",
      "iam:UntagRole",
      "iam:UpdateRole",
      "iam:UpdateRoleDescription",
    ]
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
