# EC2 things have ids, so ownership goes by tags. A creation is authorised for the new thing (its tags are in the request) and
# for each existing thing it touches (its tags are on it). One statement for each new kind keeps the two apart: with one list
# of kinds, tags in the request would do for a subnet in somebody else's VPC.
locals {
  _ec2_creations = {
    elastic-ip          = ["ec2:AllocateAddress"]
    internet-gateway    = ["ec2:CreateInternetGateway"]
    natgateway          = ["ec2:CreateNatGateway"]
    route-table         = ["ec2:CreateRouteTable"]
    security-group      = ["ec2:CreateSecurityGroup"]
    security-group-rule = ["ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress"]
    subnet              = ["ec2:CreateSubnet"]
    vpc                 = ["ec2:CreateVpc"]
    vpc-endpoint        = ["ec2:CreateVpcEndpoint"]
    vpc-flow-log        = ["ec2:CreateFlowLogs"]
  }
}

data "aws_iam_policy_document" "network" {
  dynamic "statement" {
    for_each = local._ec2_creations

    content {
      sid       = "New${replace(title(replace(statement.key, "-", " ")), " ", "")}"
      actions   = statement.value
      resources = ["${local._arn["ec2"]}:${statement.key}/*"]

      dynamic "condition" {
        for_each = local._ownership_tags

        content {
          test     = "StringEquals"
          variable = "aws:RequestTag/${condition.key}"
          values   = [condition.value]
        }
      }
    }
  }

  statement {
    sid       = "TagNew"
    actions   = ["ec2:CreateTags"]
    resources = ["${local._arn["ec2"]}:*/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = sort([for action in flatten(values(local._ec2_creations)) : trimprefix(action, "ec2:")])
    }
  }

  # A VPC is born with a security group that nobody tagged. The network module takes it over to empty it.
  statement {
    sid       = "AdoptUntaggedSecurityGroup"
    actions   = ["ec2:CreateTags"]
    resources = ["${local._arn["ec2"]}:security-group/*"]

    condition {
      test     = "Null"
      variable = "aws:ResourceTag/Environment"
      values   = ["true"]
    }

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
    sid = "ChangeOwn"
    actions = concat(
      # The existing ends of creations.
      sort([for action in flatten(values(local._ec2_creations)) : action if !contains(["ec2:AllocateAddress", "ec2:CreateInternetGateway", "ec2:CreateVpc"], action)]),
      [
        "ec2:AssociateRouteTable",
        "ec2:AttachInternetGateway",
        "ec2:CreateRoute",
        "ec2:CreateTags",
        "ec2:DeleteFlowLogs",
        "ec2:DeleteInternetGateway",
        "ec2:DeleteNatGateway",
        "ec2:DeleteRoute",
        "ec2:DeleteRouteTable",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteSubnet",
        "ec2:DeleteTags",
        "ec2:DeleteVpc",
        "ec2:DeleteVpcEndpoints",
        "ec2:DetachInternetGateway",
        "ec2:DisassociateAddress",
        "ec2:DisassociateRouteTable",
        "ec2:ModifySecurityGroupRules",
        "ec2:ModifySubnetAttribute",
        "ec2:ModifyVpcAttribute",
        "ec2:ModifyVpcEndpoint",
        "ec2:ReleaseAddress",
        "ec2:ReplaceRoute",
        "ec2:ReplaceRouteTableAssociation",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
      ],
    )
    resources = ["${local._arn["ec2"]}:*/*"]

    dynamic "condition" {
      for_each = local._ownership_tags

      content {
        test     = "StringEquals"
        variable = "aws:ResourceTag/${condition.key}"
        values   = [condition.value]
      }
    }
  }

  # An interface endpoint with private DNS links a zone of AWS's own to the VPC.
  statement {
    sid       = "EndpointDns"
    actions   = ["route53:AssociateVPCWithHostedZone"]
    resources = ["arn:${local._partition}:route53:::hostedzone/*"]
  }
}
