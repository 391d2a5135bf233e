data "aws_iam_policy_document" "compute" {
  statement {
    sid = "Containers"
    actions = [
      "ecs:CreateCluster",
      "ecs:CreateService",
      "ecs:DeleteCluster",
      "ecs:DeleteService",
      "ecs:PutClusterCapacityProviders",
      "ecs:RegisterTaskDefinition",
      "ecs:RunTask", # the schema migration is a task that a release runs
      "ecs:StopTask",
      "ecs:TagResource",
      "ecs:UntagResource",
      "ecs:UpdateCluster",
      "ecs:UpdateClusterSettings",
      "ecs:UpdateService",
    ]
    resources = [
      "${local._arn["ecs"]}:cluster/hokusai-${var.environment}",
      "${local._arn["ecs"]}:service/hokusai-${var.environment}/*",
      "${local._arn["ecs"]}:task-definition/${local._name}:*",
      "${local._arn["ecs"]}:task/hokusai-${var.environment}/*",
    ]
  }

  # Knows no resource. A task definition that is deregistered can still be run by what runs it.
  statement {
    sid       = "RetireTaskDefinitions"
    actions   = ["ecs:DeregisterTaskDefinition"]
    resources = ["*"]
  }

  statement {
    sid = "Scaling"
    actions = [
      "application-autoscaling:DeleteScalingPolicy",
      "application-autoscaling:DeregisterScalableTarget",
      "application-autoscaling:PutScalingPolicy",
      "application-autoscaling:RegisterScalableTarget",
    ]
    resources = ["${local._arn["application-autoscaling"]}:scalable-target/*"]

    condition {
      test     = "StringEquals"
      variable = "application-autoscaling:service-namespace"
      values   = ["ecs"]
    }
  }

  statement {
    sid       = "TagScaling"
    actions   = ["application-autoscaling:TagResource", "application-autoscaling:UntagResource"]
    resources = ["${local._arn["application-autoscaling"]}:scalable-target/*"]
  }

  # A namespace has no ARN before it exists, and tagging in Cloud Map knows no resource at all.
  statement {
    sid       = "NewNamespace"
    actions   = ["servicediscovery:CreatePrivateDnsNamespace", "servicediscovery:TagResource"]
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

  # Any tag but those that say whose the thing is.
  statement {
    sid       = "RemoveOtherTags"
    actions   = ["servicediscovery:UntagResource"]
    resources = ["*"]

    condition {
      test     = "ForAllValues:StringNotEquals"
      variable = "aws:TagKeys"
      values   = keys(local._ownership_tags)
    }
  }

  statement {
    sid       = "NewServiceNames"
    actions   = ["servicediscovery:CreateService"]
    resources = ["${local._arn["servicediscovery"]}:service/*"]

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
    sid = "OwnNames"
    actions = [
      "servicediscovery:CreateService",
      "servicediscovery:DeleteNamespace",
      "servicediscovery:DeleteService",
      "servicediscovery:UpdatePrivateDnsNamespace",
      "servicediscovery:UpdateService",
    ]
    resources = ["${local._arn["servicediscovery"]}:*/*"]

    dynamic "condition" {
      for_each = local._ownership_tags

      content {
        test     = "StringEquals"
        variable = "aws:ResourceTag/${condition.key}"
        values   = [condition.value]
      }
    }
  }

  # Cloud Map makes and removes the private zone of its namespace in the caller's name. The zone has no ARN before it exists;
  # Route 53 refuses to delete a zone that still holds records.
  statement {
    sid       = "NamespaceZone"
    actions   = ["route53:CreateHostedZone"]
    resources = ["*"]
  }

  statement {
    sid       = "NamespaceZoneRemoval"
    actions   = ["route53:DeleteHostedZone"]
    resources = ["arn:${local._partition}:route53:::hostedzone/*"]
  }
}
