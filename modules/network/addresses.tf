# The arithmetic behind the refusals of `zones`. Two networks overlap exactly when the larger one contains the first
# address of the smaller one: that address, cut to the larger one's prefix length, is then the larger network itself.
locals {
  _subnet_cidrs = merge(
    { for zone, cidrs in var.zones : "${zone}.public_cidr" => cidrs.public_cidr },
    { for zone, cidrs in var.zones : "${zone}.private_cidr" => cidrs.private_cidr },
  )

  _malformed_subnets = [
    for name, cidr in local._subnet_cidrs : name
    if !try(cidrsubnet(cidr, 0, 0) == cidr && tonumber(split("/", cidr)[1]) >= 16 && tonumber(split("/", cidr)[1]) <= 28, false)
  ]

  _well_formed_subnets = { for name, cidr in local._subnet_cidrs : name => cidr if !contains(local._malformed_subnets, name) }

  _prefix_lengths = { for name, cidr in local._well_formed_subnets : name => tonumber(split("/", cidr)[1]) }

  _outside_subnets = [
    for name, cidr in local._well_formed_subnets : name
    if local._prefix_lengths[name] < tonumber(split("/", var.cidr)[1]) ||
    cidrsubnet("${split("/", cidr)[0]}/${split("/", var.cidr)[1]}", 0, 0) != var.cidr
  ]

  # Largest first, so that each pair is looked at once and from its larger side.
  _by_size = [for entry in sort([for name, length in local._prefix_lengths : format("%02d %s", length, name)]) : split(" ", entry)[1]]

  _overlapping_subnets = flatten([
    for position, larger in local._by_size : [
      for smaller in slice(local._by_size, position + 1, length(local._by_size)) : { larger = larger, smaller = smaller }
      if cidrsubnet("${split("/", local._subnet_cidrs[smaller])[0]}/${local._prefix_lengths[larger]}", 0, 0) == local._subnet_cidrs[larger]
    ]
  ])
}
