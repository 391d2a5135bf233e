data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  _account_id = data.aws_caller_identity.current.account_id
  _name       = "hokusai-${var.environment}"
  _partition  = data.aws_partition.current.partition
  _region     = data.aws_region.current.id
}

resource "aws_vpc" "this" {
  cidr_block = var.cidr

  # Interface endpoints answer under the services' public names only where both are on; Cloud Map needs them too.
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = merge(var.tags, { Name = local._name })

  # Not validations of `zones`: those may not use locals that are made from `zones`, and this arithmetic needs them.
  lifecycle {
    precondition {
      condition = length(local._malformed_subnets) == 0
      error_message = join(" ", [
        for name in local._malformed_subnets :
        "zones: ${name} is \"${local._subnet_cidrs[name]}\", which is no IPv4 network of /16 to /28 without host bits; write e.g. \"10.20.1.0/24\"."
      ])
    }

    precondition {
      condition = length(local._outside_subnets) == 0
      error_message = join(" ", [
        for name in local._outside_subnets :
        "zones: ${name} (${local._subnet_cidrs[name]}) lies outside cidr (${var.cidr}); choose a range inside it."
      ])
    }

    precondition {
      condition = length(local._overlapping_subnets) == 0
      error_message = join(" ", [
        for pair in local._overlapping_subnets :
        "zones: ${pair.larger} (${local._subnet_cidrs[pair.larger]}) and ${pair.smaller} (${local._subnet_cidrs[pair.smaller]}) overlap; give each subnet a range of its own."
      ])
    }
  }
}

# AWS makes this group with every VPC, open between its members. Whatever is started without a group of its own lands
# in it: taken over without a rule, it connects to nothing. Empty lists, or a rule added by hand would not be drift.
resource "aws_default_security_group" "this" {
  vpc_id  = aws_vpc.this.id
  ingress = []
  egress  = []

  tags = merge(var.tags, { Name = "${local._name}-default-unused" })
}
