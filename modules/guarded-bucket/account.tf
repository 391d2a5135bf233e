data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  # ARNs are built from names so that every policy can be read, and checked, in the first plan.
  _bucket_arn = "arn:${data.aws_partition.current.partition}:s3:::${var.name}"
}
