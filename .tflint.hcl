# Every rule of the Terraform language. The AWS ruleset needs GitHub to be reachable: CI adds it with
# .github/tflint-aws.hcl; what it would find about values is also found by the plans against the provider itself.
config {
  call_module_type    = "local"
  force               = false
  disabled_by_default = false
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}

# A leading underscore marks a local as the file's or module's own business (house style).
rule "terraform_naming_convention" {
  enabled = true

  locals {
    custom = "^_?[a-z][a-z0-9]*(_[a-z0-9]+)*$"
  }
}

# Files are named after what they hold, not main.tf (docs/decisions).
rule "terraform_standard_module_structure" {
  enabled = false
}
