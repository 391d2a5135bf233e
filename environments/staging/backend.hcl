# State of this environment: versioned, encrypted by the bucket's own key, locked by S3 itself.
# `encrypt` stays unset: it would ask for AES256 by name, which the bucket refuses.
bucket              = "hokusai-terraform-state-staging"
region              = "us-east-1"
use_lockfile        = true
allowed_account_ids = ["444455556666"]
