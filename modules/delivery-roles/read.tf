# What a plan reads: configuration, never contents. Calls that list or describe mostly know no resources, and drift shows
# only if one may look, hence "*"; the actions are what limits these policies. No object, log line, queue or secret is
# readable through them. Prefix wildcards stand only where a service's whole verb is configuration.

# Services whose calls name no resource, or an id made up by AWS.
data "aws_iam_policy_document" "read_platform" {
  statement {
    sid = "ReadConfiguration"
    actions = [
      "acm:DescribeCertificate",
      "acm:ListCertificates",
      "acm:ListTagsForCertificate",
      "application-autoscaling:Describe*",
      "application-autoscaling:ListTagsForResource",
      "cloudwatch:DescribeAlarms",
      "cloudwatch:GetDashboard",
      "cloudwatch:ListDashboards",
      "cloudwatch:ListTagsForResource",
      "ec2:Describe*",
      "ec2:GetManagedPrefixListEntries",
      "ecr:DescribeImages",
      "ecr:DescribeRepositories",
      "ecr:GetLifecyclePolicy",
      "ecr:GetRepositoryPolicy",
      "ecr:ListTagsForResource",
      "ecs:Describe*",
      "ecs:List*",
      "elasticloadbalancing:Describe*",
      "kms:DescribeKey",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:ListAliases",
      "kms:ListKeys",
      "kms:ListResourceTags",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:ListTagsForResource",
      "rds:Describe*",
      "rds:ListTagsForResource",
      "route53:GetChange",
      "route53:GetDNSSEC",
      "route53:GetHostedZone",
      "route53:ListHostedZones",
      "route53:ListHostedZonesByName",
      "route53:ListResourceRecordSets",
      "route53:ListTagsForResource",
      "servicediscovery:GetNamespace",
      "servicediscovery:GetOperation",
      "servicediscovery:GetService",
      "servicediscovery:ListNamespaces",
      "servicediscovery:ListServices",
      "servicediscovery:ListTagsForResource",
      "sns:GetSubscriptionAttributes",
      "sns:GetTopicAttributes",
      "sns:ListSubscriptionsByTopic",
      "sns:ListTagsForResource",
      "sns:ListTopics",
      "ssm:DescribeParameters",
      "tag:GetResources", # what a killed apply was making, and what no state holds, by their tags
      "wafv2:GetLoggingConfiguration",
      "wafv2:GetWebACL",
      "wafv2:GetWebACLForResource",
      "wafv2:ListResourcesForWebACL",
      "wafv2:ListTagsForResource",
      "wafv2:ListWebACLs",
    ]
    resources = ["*"]
  }
}

# Services whose calls can be held to this environment's names.
data "aws_iam_policy_document" "read_account" {
  statement {
    sid = "ReadBuckets"
    actions = [
      "s3:GetAccelerateConfiguration",
      "s3:GetBucketAcl",
      "s3:GetBucketCORS",
      "s3:GetBucketLocation",
      "s3:GetBucketLogging",
      "s3:GetBucketObjectLockConfiguration",
      "s3:GetBucketOwnershipControls",
      "s3:GetBucketPolicy",
      "s3:GetBucketPolicyStatus",
      "s3:GetBucketPublicAccessBlock",
      "s3:GetBucketRequestPayment",
      "s3:GetBucketTagging",
      "s3:GetBucketVersioning",
      "s3:GetBucketWebsite",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
      "s3:GetReplicationConfiguration",
      "s3:ListBucket", # what HeadBucket asks for
      "s3:ListTagsForResource",
    ]
    resources = ["arn:${local._partition}:s3:::${local._name}"]
  }

  statement {
    sid = "ReadRoles"
    actions = [
      "iam:GetRole",
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListInstanceProfilesForRole",
      "iam:ListRolePolicies",
      "iam:ListRoleTags",
    ]
    resources = ["${local._iam_arn}:role/${local._name}"]
  }

  statement {
    sid       = "ReadBoundary"
    actions   = ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"]
    resources = [local._boundary_arn]
  }

  # The provider reads a parameter with its value, and refreshes a SecureString with decryption: the database's application
  # password is therefore readable while planning. It opens nothing from outside the VPC. Nothing else below the key is.
  statement {
    sid       = "ReadParameters"
    actions   = ["ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource"]
    resources = ["${local._arn["ssm"]}:parameter/hokusai/${var.environment}/*"]
  }

  statement {
    sid       = "DecryptParameters"
    actions   = ["kms:Decrypt"]
    resources = ["${local._arn["kms"]}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["ssm.${local._region}.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:PARAMETER_ARN"
      values   = ["${local._arn["ssm"]}:parameter/hokusai/${var.environment}/*"]
    }
  }

  statement {
    sid       = "ReadSecretsWithoutTheirValues"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"]
    resources = ["${local._arn["secretsmanager"]}:secret:rds!db-*"]
  }

  # What has the platform's names and is in no state (make drift). Lists of names: none of these calls knows a resource.
  statement {
    sid       = "FindStrangers"
    actions   = ["iam:ListPolicies", "iam:ListRoles", "s3:ListAllMyBuckets", "secretsmanager:ListSecrets"]
    resources = ["*"]
  }

  # The ephemeral password of the database is drawn in every plan and thrown away. The call makes nothing and knows no resource.
  statement {
    sid       = "DrawRandomPassword"
    actions   = ["secretsmanager:GetRandomPassword"]
    resources = ["*"]
  }
}
