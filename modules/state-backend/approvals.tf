# An approval is the name of an object below approvals/<UserId of who approves>/. What makes it worth something is this denial: it
# holds for everybody, administrators too, so a name is one's own or is not written. It names where one may write instead of
# approvals/, because a resource cannot be "all of these but mine"; so the states' prefixes and the ledger are named as well.
data "aws_iam_policy_document" "writers" {
  statement {
    sid     = "DenyApprovingForOthers"
    effect  = "Deny"
    actions = ["s3:PutObject", "s3:ReplicateObject"]
    not_resources = concat(
      # &{...} is Terraform's way to write IAM's ${...}.
      ["${local._bucket_arn}/approvals/&{aws:userid}/*", "${local._bucket_arn}/ledger/*"],
      [for prefix in var.state_prefixes : "${local._bucket_arn}/${prefix}*"],
    )

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
