module "bucket" {
  source = "../guarded-bucket"

  name                = local._bucket_name
  access_logs         = var.access_logs
  deletion_protection = var.deletion_protection
  policy_documents    = [data.aws_iam_policy_document.writers.json, data.aws_iam_policy_document.ledger.json]
  tags                = var.tags

  key = {
    alias                = "hokusai-terraform-state-${var.environment}"
    deletion_window_days = 30
  }

  lifecycle_rules = {
    expire-old-states = {
      expire_noncurrent_after_days = var.noncurrent_versions_days
      # A state that nobody changed for a year still has its last versions to go back to.
      keep_noncurrent_versions = 20
    }
  }
}
