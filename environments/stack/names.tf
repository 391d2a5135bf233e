# Names that several files of this root share. Names of the running system stay (docs/decisions/0001).
locals {
  hosts = {
    registry = "registry.${var.domain}"
    auth     = "auth.${var.domain}"
  }

  permissions_boundary_arn = (
    var.permissions_boundary
    ? "arn:${data.aws_partition.current.partition}:iam::${var.account_id}:policy/hokusai-boundary-${var.environment}"
    : null
  )

  log_groups = { for name in keys(local.tasks) : name => "/ecs/hokusai/${name}/${var.environment}" }
}

data "aws_partition" "current" {}
