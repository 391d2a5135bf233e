# Images are pulled by roles that hold no KMS permission: ECR decrypts through a grant that it makes when the repository
# is created. So the key needs no statement beyond AWS's own default, which leaves the decision to IAM.
data "aws_iam_policy_document" "key" {
  statement {
    sid       = "AccountDecidesByIam"
    actions   = ["kms:*"]
    resources = ["*"] # in a key policy: this key

    principals {
      type        = "AWS"
      identifiers = ["arn:${local._partition}:iam::${local._account_id}:root"]
    }
  }
}

resource "aws_kms_key" "this" {
  description             = "Container images of the Hokusai platform"
  deletion_window_in_days = var.key_deletion_window_days
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.key.json

  tags = merge(var.tags, { Name = "hokusai-container-registry" })
}

resource "aws_kms_alias" "this" {
  name          = "alias/hokusai-container-registry"
  target_key_id = aws_kms_key.this.key_id
}
