# All that policies name is built from the cluster's ARN: partition, region and account are where the tasks run.
locals {
  _cluster    = split(":", var.cluster_arn)
  _partition  = local._cluster[1]
  _region     = local._cluster[3]
  _account_id = local._cluster[4]

  # Key ids are unknown before the keys exist, which would hide the policies from review. So: any key of this account and
  # region, as long as it carries the alias that the statement's condition names.
  _any_key = "arn:${local._partition}:kms:${local._region}:${local._account_id}:key/*"
}
