# A name below the namespace that nobody registered resolves to nothing: the program starts, and fails at its first call. So it is
# looked for in every text that the containers are given.
locals {
  _namespace_pattern = "(?i)((?:[A-Za-z0-9_-]+[.])+${replace(var.namespace_name, ".", "[.]")})(?:[^A-Za-z0-9.-]|[.]?$|[.][^A-Za-z0-9-])"

  _called_names = distinct(flatten([for text in local._texts : [
    for match in regexall(local._namespace_pattern, text.text) : { container = text.container, where = text.where, host = lower(match[0]) }
  ]]))

  _unregistered_names = [for call in local._called_names : call if !contains(var.registered_hostnames, call.host)]
}
