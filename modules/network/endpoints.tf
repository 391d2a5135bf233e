# Artifacts and image layers go to S3 past NAT: no charge by volume, and no way to a bucket that is not named here.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${local._region}.s3"
  route_table_ids   = [for table in aws_route_table.private : table.id]
  policy            = data.aws_iam_policy_document.s3_endpoint.json

  tags = merge(var.tags, { Name = "${local._name}-s3" })
}

data "aws_iam_policy_document" "s3_endpoint" {
  # An endpoint's policy grants nothing by itself; it bounds what identities may do through it. Bound to this account on
  # both sides, stolen credentials of another account cannot carry data out, and neither can our own roles into a
  # foreign bucket that happens to be named like ours.
  statement {
    sid = "OwnBucketsByOwnPrincipals"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetBucketLocation",
      "s3:GetObject",
      "s3:GetObjectTagging",
      "s3:ListBucket",
      "s3:ListBucketMultipartUploads",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
      "s3:PutObjectTagging",
    ]
    resources = [
      "arn:${local._partition}:s3:::hokusai-*-${var.environment}",
      "arn:${local._partition}:s3:::hokusai-*-${var.environment}/*",
    ]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [local._account_id]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local._account_id]
    }
  }

  # ECR hands out image layers as links to this bucket of AWS's, signed by ECR itself: a condition on the principal's
  # account would never hold.
  statement {
    sid       = "ImageLayersOfRegistry"
    actions   = ["s3:GetObject"]
    resources = ["arn:${local._partition}:s3:::prod-${local._region}-starport-layer-bucket/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}

# Rules are made by module `connections`, which sees both ends of each connection.
resource "aws_security_group" "endpoints" {
  count = length(var.interface_endpoints) > 0 ? 1 : 0

  name        = "hokusai-endpoints-${var.environment}"
  description = "Interface endpoints of AWS services in ${local._name}"
  vpc_id      = aws_vpc.this.id

  tags = merge(var.tags, { Name = "hokusai-endpoints-${var.environment}" })
}

resource "aws_vpc_endpoint" "interface" {
  for_each = var.interface_endpoints

  vpc_id              = aws_vpc.this.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${local._region}.${each.key}"
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = aws_security_group.endpoints[*].id
  private_dns_enabled = true
  policy              = data.aws_iam_policy_document.interface_endpoint.json

  tags = merge(var.tags, { Name = "${local._name}-${each.key}" })
}

# Without a policy AWS allows everybody everything through an endpoint, credentials of a foreign account included: a way
# to carry data out that no NAT rule sees.
data "aws_iam_policy_document" "interface_endpoint" {
  statement {
    sid       = "OwnPrincipals"
    actions   = ["*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [local._account_id]
    }
  }
}
