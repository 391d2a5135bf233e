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

# Files are named after what they hold, not main.tf (docs/decisions).
rule "terraform_standard_module_structure" {
  enabled = false
}
