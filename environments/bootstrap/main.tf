# What an account holds before the stack: where its state lives, where its images are pushed to, who may deliver.

locals {
  default_tags = {
    Project     = "hokusai"
    Environment = var.environment
    Root        = "environments/bootstrap"
    ManagedBy   = "terraform"
  }

  _state_bucket_name = "hokusai-terraform-state-${var.environment}"
}

module "log_bucket" {
  source = "../../modules/log-bucket"

  name                = "${local._state_bucket_name}-logs"
  environment         = var.environment
  expiration_days     = 365
  deletion_protection = true
  sources = {
    buckets = { state = { bucket_name = local._state_bucket_name, prefix = "s3/state/" } }
  }
}

module "state_backend" {
  source = "../../modules/state-backend"

  environment              = var.environment
  access_logs              = { bucket_name = module.log_bucket.bucket_name, prefix = "s3/state/" }
  noncurrent_versions_days = 365
  deletion_protection      = true
}

# Here and not in the stack: an image has to exist before the plan that runs it.
module "container_registry" {
  source = "../../modules/container-registry"

  deletion_protection = true
  repositories = {
    gateway = {} # services/gateway
    mlflow  = {} # services/mlflow
    auth    = {} # built in the auth service's own repository
  }
}

module "delivery_roles" {
  source = "../../modules/delivery-roles"

  environment          = var.environment
  github_repository    = var.github_repository
  github_environment   = var.environment
  create_oidc_provider = true
  deletion_protection  = var.deletion_protection
  dns_names            = ["registry.${var.domain}", "auth.${var.domain}"]
  state = {
    bucket_name = local._state_bucket_name
    key         = "stack/terraform.tfstate"
    key_alias   = "alias/hokusai-terraform-state-${var.environment}"
    # This root's own (versions.tf): what it made is not what `make drift` looks for.
    readable_keys = ["bootstrap/terraform.tfstate"]
  }
}
