# Which requests a rule takes, as far as its conditions tell, and which rules are therefore never reached.
#
# A listener tries its rules by priority, lowest number first; the first one whose conditions all hold answers. Within a
# condition one value is enough. `*` stands for any characters, none and "/" included; `?` for exactly one. Hosts and
# header values are compared without case, paths and methods with it.
locals {
  # Rule => condition => patterns. A condition that is absent accepts everything, so one that accepts everything is left
  # out: every path begins with "/", so that "*" and "/*" ask for nothing.
  _conditions = {
    for name, rule in var.rules : name => {
      for condition, patterns in merge(
        {
          host   = [for host in rule.hosts : lower(host)]
          method = tolist(rule.methods)
          path   = length(setintersection(rule.paths, ["*", "/*"])) > 0 ? [] : tolist(rule.paths)
        },
        { for header, values in rule.headers : "header ${lower(header)}" => [for value in values : lower(value)] },
      ) : condition => patterns if length(patterns) > 0
    }
  }

  # The same, each condition as one regular expression. It is applied to other patterns as if they were requests: what
  # stands for `*` may hold anything, wildcards too; what stands for `?` is one character, but no `*`, which may be more
  # or fewer. \Q…\E takes the rest literally. A pattern a line, so that one match a condition is enough.
  _expressions = {
    for name, conditions in local._conditions : name => {
      for condition, patterns in conditions : condition => format("(?m)^(?:%s)$", join("|", [
        for pattern in patterns : "\\Q${replace(replace(pattern, "*", "\\E.*\\Q"), "?", "\\E[^*\\n]\\Q")}\\E"
      ]))
    }
  }

  _source_cidrs = {
    for name, rule in var.rules : name => length(setsubtract(["0.0.0.0/0", "::/0"], rule.source_cidrs)) == 0 ? [] : tolist(rule.source_cidrs)
  }

  # Every two rules of one listener, in the order in which they are tried, and what the earlier one covers of the later.
  _consecutive = flatten([
    for later, rule in var.rules : [
      for earlier, other in var.rules : {
        earlier = earlier
        later   = later

        # Whatever the earlier rule asks for, the later one asks for too, in patterns that are all covered.
        conditions_covered = alltrue([
          for condition, expression in local._expressions[earlier] :
          contains(keys(local._conditions[later]), condition) &&
          length(regexall(expression, join("\n", lookup(local._conditions[later], condition, [])))) == length(lookup(local._conditions[later], condition, []))
        ])

        # A range lies in a wider one when its first address, cut to the wider one's prefix length, gives the wider one.
        # (IPv4 cut to a length of IPv6 fails: not covered.)
        sources_covered = length(local._source_cidrs[earlier]) == 0 ? true : length(local._source_cidrs[later]) == 0 ? false : alltrue([
          for cidr in local._source_cidrs[later] : anytrue([
            for wider in local._source_cidrs[earlier] :
            try(tonumber(split("/", wider)[1]) <= tonumber(split("/", cidr)[1]) && cidrsubnet("${split("/", cidr)[0]}/${split("/", wider)[1]}", 0, 0) == wider, false)
          ])
        ])
      }
      if other.listener == rule.listener && other.priority < rule.priority
    ]
  ])

  # Later rule => the earlier ones of which each takes all of its requests. What several of them take only together is
  # not found.
  _shadowed_by = { for pair in local._consecutive : pair.later => pair.earlier... if pair.conditions_covered && pair.sources_covered }
}
