data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  # From the name, so that the policy is known in the first plan.
  _bucket_name = "hokusai-terraform-state-${var.environment}"
  _bucket_arn  = "arn:${data.aws_partition.current.partition}:s3:::${local._bucket_name}"
}
