data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  _account_id = data.aws_caller_identity.current.account_id
  _partition  = data.aws_partition.current.partition
  _region     = data.aws_region.current.id

  # "arn:aws:<service>:<region>:<account>:" of what lives in a region.
  _arn = {
    for service in ["application-autoscaling", "cloudwatch", "ec2", "ecr", "ecs", "elasticloadbalancing", "kms", "logs", "rds", "secretsmanager", "servicediscovery", "sns", "ssm", "wafv2"] :
    service => "arn:${local._partition}:${service}:${local._region}:${local._account_id}"
  }
  _iam_arn = "arn:${local._partition}:iam::${local._account_id}"

  # How the platform names things; ARNs with these patterns reach this environment and nothing else. (So no environment of an
  # account may end in "-" and the name of another.)
  _name = "hokusai-*-${var.environment}"

  # What has an id instead of a name (VPCs, keys, Cloud Map) is recognised by the tags that the provider puts on everything.
  _ownership_tags = merge({ Environment = var.environment }, var.ownership_tags)

  _log_group_names = [
    "/aws/rds/instance/${local._name}/*",
    "/ecs/hokusai/*/${var.environment}",
    "/vpc/hokusai/*/${var.environment}",
    "aws-waf-logs-${local._name}",
  ]
  # Log group ARNs end in ":*" for most actions and not for tagging.
  _log_group_arns = flatten([for name in local._log_group_names : [
    "${local._arn["logs"]}:log-group:${name}",
    "${local._arn["logs"]}:log-group:${name}:*",
  ]])

  _boundary_name = "hokusai-boundary-${var.environment}"
  _boundary_arn  = "${local._iam_arn}:policy/${local._boundary_name}"

  _plan_role_name  = "hokusai-plan-${var.environment}"
  _apply_role_name = "hokusai-apply-${var.environment}"
  _delivery_role_arns = [
    "${local._iam_arn}:role/${local._apply_role_name}",
    "${local._iam_arn}:role/${local._plan_role_name}",
  ]

  _state_bucket_arn = "arn:${local._partition}:s3:::${var.state.bucket_name}"
  _state_arn        = "${local._state_bucket_arn}/${var.state.key}"
  _other_state_arns = [for key in sort(var.state.readable_keys) : "${local._state_bucket_arn}/${key}"]
  _state_lock_arn   = "${local._state_arn}.tflock"
  _ledger_arn       = "${local._state_bucket_arn}/ledger/*"
}
