# `prevent_destroy` cannot depend on a variable, so it sits on a resource that exists only where protection is wanted. The
# guard is replaced whenever the bucket or its key is, and goes when they go: both are refused while planning, before anything
# is touched. Changes that keep the bucket and the key do not reach it.
resource "terraform_data" "guard" {
  count = var.deletion_protection ? 1 : 0

  input            = aws_s3_bucket.this.id
  triggers_replace = [aws_s3_bucket.this.id, one(aws_kms_key.this[*].key_id)]

  lifecycle {
    prevent_destroy = true
  }
}
