# allowed_account_ids is the last guard: credentials of another account end the run before anything is read. This file
# stands on variables alone: the tooling reads and removes single objects with this provider and nothing else of the root.
provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      Project     = "hokusai"
      Environment = var.environment
      Root        = "environments/stack"
      ManagedBy   = "terraform"
    }
  }
}
