module "log_bucket" {
  source = "../../modules/log-bucket"

  name                = "hokusai-logs-${var.environment}"
  environment         = var.environment
  expiration_days     = var.access_log_retention_days
  deletion_protection = var.deletion_protection
  sources = {
    load_balancers = { for name in keys(local.load_balancers) : name => "alb/${name}" }
    buckets        = { artifacts = { bucket_name = local._artifact_bucket_name, prefix = "s3/artifacts/" } }
  }
}

module "artifact_bucket" {
  source = "../../modules/artifact-bucket"

  environment         = var.environment
  access_logs         = { bucket_name = module.log_bucket.bucket_name, prefix = "s3/artifacts/" }
  lifecycle_rules     = var.artifact_lifecycle_rules
  deletion_protection = var.deletion_protection

  permissions_boundary_arn = local.permissions_boundary_arn
}

locals {
  # By name, so that the log bucket's policy is known before the artifact bucket exists.
  _artifact_bucket_name = "hokusai-mlflow-artifacts-${var.environment}"
  # The only place in the bucket that any task role reaches.
  artifact_prefix       = "artifacts"
  artifacts_destination = "s3://${module.artifact_bucket.bucket_name}/${local.artifact_prefix}"
}
