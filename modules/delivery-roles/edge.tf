data "aws_iam_policy_document" "edge" {
  statement {
    sid = "LoadBalancers"
    actions = [
      "elasticloadbalancing:AddTags",
      "elasticloadbalancing:CreateListener",
      "elasticloadbalancing:CreateLoadBalancer",
      "elasticloadbalancing:CreateRule",
      "elasticloadbalancing:CreateTargetGroup",
      "elasticloadbalancing:DeleteListener",
      "elasticloadbalancing:DeleteLoadBalancer",
      "elasticloadbalancing:DeleteRule",
      "elasticloadbalancing:DeleteTargetGroup",
      "elasticloadbalancing:ModifyListener",
      "elasticloadbalancing:ModifyListenerAttributes",
      "elasticloadbalancing:ModifyLoadBalancerAttributes",
      "elasticloadbalancing:ModifyRule",
      "elasticloadbalancing:ModifyTargetGroup",
      "elasticloadbalancing:ModifyTargetGroupAttributes",
      "elasticloadbalancing:RemoveTags",
      "elasticloadbalancing:SetRulePriorities",
      "elasticloadbalancing:SetSecurityGroups",
      "elasticloadbalancing:SetSubnets",
    ]
    resources = [
      "${local._arn["elasticloadbalancing"]}:listener-rule/app/${local._name}/*",
      "${local._arn["elasticloadbalancing"]}:listener/app/${local._name}/*",
      "${local._arn["elasticloadbalancing"]}:loadbalancer/app/${local._name}/*",
      "${local._arn["elasticloadbalancing"]}:targetgroup/${local._name}/*",
    ]
  }

  statement {
    sid = "WebAcls"
    actions = [
      "wafv2:AssociateWebACL",
      "wafv2:CreateWebACL",
      "wafv2:DeleteLoggingConfiguration",
      "wafv2:DeleteWebACL",
      "wafv2:DisassociateWebACL",
      "wafv2:PutLoggingConfiguration",
      "wafv2:TagResource",
      "wafv2:UntagResource",
      "wafv2:UpdateWebACL",
    ]
    resources = [
      "${local._arn["elasticloadbalancing"]}:loadbalancer/app/${local._name}/*",
      "${local._arn["wafv2"]}:regional/webacl/${local._name}/*",
    ]
  }

  # A web ACL names AWS's managed rule groups, and making one is authorised for them too.
  statement {
    sid       = "ManagedRules"
    actions   = ["wafv2:CreateWebACL", "wafv2:UpdateWebACL"]
    resources = ["arn:${local._partition}:wafv2:${local._region}:*:regional/managedruleset/*/*"]
  }

  # Knows no resource; AssociateWebACL above is held to this environment's load balancers.
  statement {
    sid       = "SetWebAcl"
    actions   = ["elasticloadbalancing:SetWebAcl"]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = length(var.dns_names) > 0 ? [true] : []

    content {
      sid       = "PublicNames"
      actions   = ["route53:ChangeResourceRecordSets"]
      resources = ["arn:${local._partition}:route53:::hostedzone/*"]

      condition {
        test     = "ForAllValues:StringEquals"
        variable = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
        values   = sort(var.dns_names)
      }

      # "For all values" also holds for none.
      condition {
        test     = "Null"
        variable = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
        values   = ["false"]
      }
    }
  }
}
