variable "cidr_sets" {
  description = "Address ranges by name, IPv4 or IPv6 in CIDR notation, e.g. `internet = [\"0.0.0.0/0\"]`. A range of prefix length 0 is everybody, whatever its set is called."
  type        = map(list(string))
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue(flatten([for cidrs in values(var.cidr_sets) : [for cidr in cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false)]]))
    error_message = "cidr_sets: ${join(", ", flatten([for name, cidrs in var.cidr_sets : [for cidr in cidrs : "\"${cidr}\" in ${name}" if !try(cidrsubnet(cidr, 0, 0) == cidr, false)]]))} is no network address with its prefix length and without host bits; write e.g. \"203.0.113.0/24\"."
  }

  validation {
    condition     = alltrue([for cidrs in values(var.cidr_sets) : length(cidrs) > 0 && length(distinct(cidrs)) == length(cidrs)])
    error_message = "cidr_sets: ${join(", ", [for name, cidrs in var.cidr_sets : name if length(cidrs) == 0 || length(distinct(cidrs)) != length(cidrs)])} is empty or names a range twice; give each set its ranges once, or remove it."
  }
}

variable "connections" {
  description = "Who opens connections to whom: `from` and `to` are names of `security_group_ids`, `cidr_sets` or `prefix_lists`, at least one of them a security group; `port` is the port that `to` listens on."
  type = map(object({
    description = string
    from        = string
    port        = number
    protocol    = optional(string, "tcp")
    to          = string
  }))
  nullable = false

  validation {
    condition = alltrue([for connection in values(var.connections) : length(setsubtract([connection.from, connection.to], keys(local._kind_by_name))) == 0])
    error_message = join(" ", [
      for key, connection in var.connections :
      "connections.${key} names ${join(" and ", formatlist("\"%s\"", setsubtract([connection.from, connection.to], keys(local._kind_by_name))))}; known are ${join(", ", keys(local._kind_by_name))}. Correct the name, or give it to security_group_ids, cidr_sets or prefix_lists."
      if length(setsubtract([connection.from, connection.to], keys(local._kind_by_name))) > 0
    ])
  }

  # A name that is not known at all has the message above, and only that one.
  validation {
    condition = alltrue([
      for connection in values(var.connections) :
      contains([lookup(local._kind_by_name, connection.from, "security group"), lookup(local._kind_by_name, connection.to, "security group")], "security group")
    ])
    error_message = join(" ", [
      for key, connection in var.connections :
      "connections.${key} goes from \"${connection.from}\" to \"${connection.to}\", and neither is a security group: there is nothing to attach a rule to. Name a security group at one end."
      if !contains([lookup(local._kind_by_name, connection.from, "security group"), lookup(local._kind_by_name, connection.to, "security group")], "security group")
    ])
  }

  validation {
    condition     = alltrue([for connection in values(var.connections) : contains(["tcp", "udp"], connection.protocol)])
    error_message = join(" ", [for key, connection in var.connections : "connections.${key} has protocol \"${connection.protocol}\"; it must be \"tcp\" or \"udp\"." if !contains(["tcp", "udp"], connection.protocol)])
  }

  validation {
    condition     = alltrue([for connection in values(var.connections) : connection.port >= 1 && connection.port <= 65535 && floor(connection.port) == connection.port])
    error_message = join(" ", [for key, connection in var.connections : "connections.${key} has port ${connection.port}; give one whole port number from 1 to 65535." if connection.port < 1 || connection.port > 65535 || floor(connection.port) != connection.port])
  }

  # AWS takes nothing else, and tells so only at apply.
  validation {
    condition     = alltrue([for connection in values(var.connections) : can(regex("^[A-Za-z0-9 ._:/()#,@\\[\\]+=&;{}!$*-]{1,255}$", connection.description))])
    error_message = join(" ", [for key, connection in var.connections : "connections.${key} has a description that AWS refuses: 1 to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$* (no quotes, no apostrophe)." if !can(regex("^[A-Za-z0-9 ._:/()#,@\\[\\]+=&;{}!$*-]{1,255}$", connection.description))])
  }

  validation {
    condition = length(distinct([for connection in values(var.connections) : "${connection.from} ${connection.to} ${connection.port}/${connection.protocol}"])) == length(var.connections)
    error_message = join(" ", [
      for same, keys in { for key, connection in var.connections : "${connection.from} to ${connection.to}, ${connection.port}/${connection.protocol}" => key... } :
      "connections ${join(" and ", keys)} are the same (${same}): AWS refuses a rule that exists already. Remove one."
      if length(keys) > 1
    ])
  }

  validation {
    condition = alltrue([for connection in values(var.connections) : contains([80, 443], connection.port) || !contains(local._everybody, connection.from)])
    error_message = join(" ", [
      for key, connection in var.connections :
      "connections.${key} opens port ${connection.port} of \"${connection.to}\" to the whole internet (\"${connection.from}\"): only 80 and 443 may be. Let it come through a load balancer, or name the ranges that need it."
      if !contains([80, 443], connection.port) && contains(local._everybody, connection.from)
    ])
  }
}

variable "environment" {
  description = "Environment that the rules belong to; part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens, 2 to 20 characters, e.g. \"staging\"."
  }
}

variable "prefix_lists" {
  description = "IDs of prefix lists by name, e.g. `s3 = \"pl-63a5400a\"`: ranges that AWS keeps up to date."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "security_group_ids" {
  description = "Security groups by name. This module makes all of their rules: a rule from elsewhere is not removed by it, but belongs in `connections`."
  type        = map(string)
  nullable    = false

  validation {
    condition = length(distinct(concat(keys(var.security_group_ids), keys(var.cidr_sets), keys(var.prefix_lists)))) == (
      length(var.security_group_ids) + length(var.cidr_sets) + length(var.prefix_lists)
    )
    error_message = "security_group_ids, cidr_sets and prefix_lists share the names ${join(", ", formatlist("\"%s\"", [for name, uses in { for name in concat(keys(var.security_group_ids), keys(var.cidr_sets), keys(var.prefix_lists)) : name => name... } : name if length(uses) > 1]))}: a connection could mean either. Rename one."
  }
}

variable "tags" {
  description = "Tags of every rule, beside the provider's default tags."
  type        = map(string)
  nullable    = false
  default     = {}
}
