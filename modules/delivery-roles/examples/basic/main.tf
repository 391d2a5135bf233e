terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "state" {
  source = "../../../state-backend"

  environment = "staging"
  access_logs = {
    bucket_name = "hokusai-access-logs-staging"
    prefix      = "s3/terraform-state/"
  }
}

module "delivery_roles" {
  source = "../.."

  environment          = "staging"
  github_repository    = "hokusai-protocol/hokusai-infrastructure"
  github_environment   = "staging"
  create_oidc_provider = true
  dns_names            = ["auth.staging.hokus.ai", "registry.staging.hokus.ai"]

  state = {
    bucket_name = module.state.bucket_name
    key         = "stack.tfstate"
    key_alias   = module.state.key_alias
  }
}

output "apply_role_arn" {
  value = module.delivery_roles.apply_role_arn
}

output "plan_role_arn" {
  value = module.delivery_roles.plan_role_arn
}
