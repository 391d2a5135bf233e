# What all environments share. An environment's own files win over this one.

region = "us-east-1"

# Keys issued for the service id of the first version work until this day, with a Deprecation header.
legacy_service_id_until = "2027-03-31"

# A key without scopes may read. Writing has to be granted.
default_scopes = ["mlflow:read"]

# The gateway moves artifacts between clients and S3 itself. "mlflow" lets MLflow do it, which spools each to disk first; then
# the gateway has no permission in S3. Changing it is a deploy, no migration: both lanes use the same objects.
artifact_lane = "direct"

# Models are read often in their first weeks and hardly ever after: cold ones move to cheaper storage that still
# answers at once. Old versions stay long enough to undo a mistake that is found late.
artifact_lifecycle_rules = {
  artifacts = {
    prefix                       = "artifacts/"
    transitions                  = { STANDARD_IA = 90, GLACIER_IR = 365 }
    expire_noncurrent_after_days = 90
    keep_noncurrent_versions     = 3
    abort_uploads_after_days     = 3
  }
}
