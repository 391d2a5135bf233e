module "bucket" {
  source = "../guarded-bucket"

  name                = var.name
  deletion_protection = var.deletion_protection
  tags                = var.tags

  # S3 does not deliver server access logs to a bucket encrypted with a customer key, nor do load balancers: SSE-S3.
  key = null
  # A bucket that logged into itself would log every log.
  access_logs = null

  lifecycle_rules = {
    expire-logs = {
      expire_after_days = var.expiration_days
      # Versioning keeps a log from being overwritten or deleted unseen. What has expired is gone after a week more.
      expire_noncurrent_after_days = 7
    }
  }

  policy_documents = [data.aws_iam_policy_document.delivery.json]
}
