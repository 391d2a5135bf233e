# The table of connections, read once into the two kinds of rule that AWS has.
locals {
  # Every name that a connection may use => what it is.
  _kind_by_name = merge(
    { for name in keys(var.security_group_ids) : name => "security group" },
    { for name in keys(var.cidr_sets) : name => "cidr set" },
    { for name in keys(var.prefix_lists) : name => "prefix list" },
  )

  # Names that stand for everybody: by what their ranges say and not only by name, so that a set called "partners" which
  # holds 0.0.0.0/0 opens no database.
  _everybody = concat(["internet"], [for name, cidrs in var.cidr_sets : name if anytrue([for cidr in cidrs : endswith(cidr, "/0")])])

  # The other end of a rule, as rules of its own: AWS takes one peer a rule, so a set of ranges becomes a rule a range.
  # Key: what follows the connection's name in the rule's key, empty where there is only one rule.
  _peers_by_name = merge(
    {
      for name, id in var.security_group_ids :
      name => { "" = { security_group_id = id, cidr_ipv4 = null, cidr_ipv6 = null, prefix_list_id = null } }
    },
    {
      for name, cidrs in var.cidr_sets :
      name => {
        for cidr in cidrs : "/${cidr}" => {
          security_group_id = null
          cidr_ipv4         = strcontains(cidr, ":") ? null : cidr
          cidr_ipv6         = strcontains(cidr, ":") ? cidr : null
          prefix_list_id    = null
        }
      }
    },
    {
      for name, id in var.prefix_lists :
      name => { "" = { security_group_id = null, cidr_ipv4 = null, cidr_ipv6 = null, prefix_list_id = id } }
    },
  )

  # A security group remembers connections, so answers need no rule: out at `from`, in at `to`, and nothing else. An end
  # that is no security group (the internet, S3) has no rules of ours.
  _egress_rules = merge([
    for key, connection in var.connections : {
      for suffix, peer in local._peers_by_name[connection.to] :
      "${key}${suffix}" => merge(connection, { security_group_id = var.security_group_ids[connection.from], peer = peer })
    } if local._kind_by_name[connection.from] == "security group"
  ]...)

  _ingress_rules = merge([
    for key, connection in var.connections : {
      for suffix, peer in local._peers_by_name[connection.from] :
      "${key}${suffix}" => merge(connection, { security_group_id = var.security_group_ids[connection.to], peer = peer })
    } if local._kind_by_name[connection.to] == "security group"
  ]...)
}
