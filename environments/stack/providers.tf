# allowed_account_ids is the last guard: credentials of another account end the run before anything is read.
provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = local.default_tags
  }
}
