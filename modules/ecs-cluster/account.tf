data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  _account_id = data.aws_caller_identity.current.account_id
  _partition  = data.aws_partition.current.partition
  _region     = data.aws_region.current.id

  _name           = "hokusai-${var.environment}"
  _exec_count     = var.exec == null ? 0 : 1
  _exec_log_group = "/ecs/hokusai/exec/${var.environment}"
}
