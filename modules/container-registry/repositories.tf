data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  _account_id = data.aws_caller_identity.current.account_id
  _partition  = data.aws_partition.current.partition
  _region     = data.aws_region.current.id
}

resource "aws_ecr_repository" "this" {
  for_each = var.repositories

  name                 = "hokusai/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.deletion_protection

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.this.arn
  }

  # A registry-wide scanning configuration (enhanced scanning) overrides this one where an account has it.
  image_scanning_configuration {
    scan_on_push = true
  }

  tags = merge(var.tags, { Name = "hokusai/${each.key}" })
}
