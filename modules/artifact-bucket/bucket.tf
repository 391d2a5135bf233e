module "bucket" {
  source = "../guarded-bucket"

  name                = "hokusai-mlflow-artifacts-${var.environment}"
  access_logs         = var.access_logs
  deletion_protection = var.deletion_protection
  lifecycle_rules     = var.lifecycle_rules
  tags                = var.tags

  key = {
    alias                = "hokusai-mlflow-artifacts-${var.environment}"
    deletion_window_days = var.key_deletion_window_days
  }
}
