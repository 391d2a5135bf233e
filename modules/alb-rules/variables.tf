variable "environment" {
  description = "Environment that the rules belong to; part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens, 2 to 20 characters, e.g. \"staging\"."
  }
}

variable "forbidden_services" {
  description = "Services that no rule may forward to, because they do not authenticate anybody themselves. MLflow is reached through the gateway, or not at all."
  type        = set(string)
  nullable    = false
  default     = ["mlflow"]
}

variable "listener_arns" {
  description = "HTTPS listeners by key, each of a load balancer of its own, e.g. `edge`, or `registry` and `auth`."
  type        = map(string)
  nullable    = false
}

variable "rules" {
  description = <<-EOT
    Rules by name, each with at least one condition (`hosts`, `paths`, `methods`, `headers`, `source_cidrs`; `*` any characters, `?` exactly one) and exactly one answer (`target_group`, `fixed_response`, `redirect`).
    The lowest `priority` on a `listener` is tried first. In `redirect`, what is left out stays as in the request.
  EOT
  type = map(object({
    listener     = string
    priority     = number
    hosts        = optional(set(string), [])
    paths        = optional(set(string), [])
    methods      = optional(set(string), [])
    headers      = optional(map(set(string)), {})
    source_cidrs = optional(set(string), [])
    target_group = optional(string)
    fixed_response = optional(object({
      content_type = optional(string, "application/json")
      message_body = optional(string)
      status_code  = number
    }))
    redirect = optional(object({
      host        = optional(string, "#{host}")
      path        = optional(string, "/#{path}")
      port        = optional(string, "#{port}")
      protocol    = optional(string, "#{protocol}")
      query       = optional(string, "#{query}")
      status_code = optional(number, 301)
    }))
  }))
  nullable = false

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(keys(var.listener_arns), rule.listener)])
    error_message = join(" ", [for name, rule in var.rules : "rules.${name}: there is no listener \"${rule.listener}\"; known are ${join(", ", keys(var.listener_arns))}." if !contains(keys(var.listener_arns), rule.listener)])
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : rule.priority >= 1 && rule.priority <= 50000 && floor(rule.priority) == rule.priority])
    error_message = join(" ", [for name, rule in var.rules : "rules.${name}: priority is ${rule.priority}; AWS accepts whole numbers from 1 to 50000." if rule.priority < 1 || rule.priority > 50000 || floor(rule.priority) != rule.priority])
  }

  validation {
    condition = length(distinct([for rule in values(var.rules) : "${rule.listener} ${rule.priority}"])) == length(var.rules)
    error_message = join(" ", [
      for place, names in { for name, rule in var.rules : "priority ${rule.priority} on listener \"${rule.listener}\"" => "\"${name}\""... } :
      "rules: ${join(" and ", names)} all have ${place}, which AWS gives only once. Choose another priority for one of them."
      if length(names) > 1
    ])
  }

  validation {
    condition = alltrue([for rule in values(var.rules) : length(compact([
      rule.target_group == null ? "" : "target_group", rule.fixed_response == null ? "" : "fixed_response", rule.redirect == null ? "" : "redirect",
    ])) == 1])
    error_message = join(" ", [
      for name, answers in { for name, rule in var.rules : name => compact([
        rule.target_group == null ? "" : "target_group", rule.fixed_response == null ? "" : "fixed_response", rule.redirect == null ? "" : "redirect",
      ]) } :
      "rules.${name}: has ${length(answers) == 0 ? "no answer" : join(" and ", answers)}; give exactly one of target_group, fixed_response and redirect."
      if length(answers) != 1
    ])
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : rule.target_group == null ? true : contains(keys(var.target_groups), rule.target_group)])
    error_message = join(" ", [for name, rule in var.rules : "rules.${name}: there is no target group \"${rule.target_group}\"; known are ${join(", ", keys(var.target_groups))}." if rule.target_group == null ? false : !contains(keys(var.target_groups), rule.target_group)])
  }

  validation {
    condition     = length(setsubtract(keys(var.target_groups), [for rule in values(var.rules) : rule.target_group if rule.target_group != null])) == 0
    error_message = "target_groups: no rule forwards to ${join(", ", setsubtract(keys(var.target_groups), [for rule in values(var.rules) : rule.target_group if rule.target_group != null]))}. ECS cannot register a service with a target group that no load balancer uses: add a rule, or remove the group."
  }

  validation {
    condition = alltrue([
      for listeners in values({ for rule in values(var.rules) : rule.target_group => rule.listener... if rule.target_group != null }) : length(distinct(listeners)) == 1
    ])
    error_message = join(" ", [
      for group, uses in { for name, rule in var.rules : rule.target_group => { rule = name, listener = rule.listener }... if rule.target_group != null } :
      "rules: ${join(" and ", [for use in uses : "\"${use.rule}\" (listener \"${use.listener}\")"])} forward to the same target group \"${group}\", and AWS attaches a target group to one load balancer only. Give each listener a target group of its own."
      if length(distinct(uses[*].listener)) > 1
    ])
  }

  validation {
    condition = alltrue([
      for rule in values(var.rules) : rule.target_group == null ? true : !contains(var.forbidden_services, try(var.target_groups[rule.target_group].service, ""))
    ])
    error_message = join(" ", [
      for name, rule in var.rules :
      "rules.${name}: forwards to target group \"${rule.target_group}\", which is service \"${var.target_groups[rule.target_group].service}\": no rule may reach it (forbidden_services), or requests would pass by the authentication. Forward to the gateway."
      if rule.target_group == null ? false : contains(var.forbidden_services, try(var.target_groups[rule.target_group].service, ""))
    ])
  }

  # What accepts every request is the listener's default action, which the listener's module decides.
  validation {
    condition     = alltrue([for rule in values(var.rules) : length(concat(tolist(rule.hosts), tolist(rule.paths), tolist(rule.methods), keys(rule.headers), tolist(rule.source_cidrs))) > 0])
    error_message = join(" ", [for name, rule in var.rules : "rules.${name}: has no condition, and AWS asks for one; give it hosts or paths." if length(concat(tolist(rule.hosts), tolist(rule.paths), tolist(rule.methods), keys(rule.headers), tolist(rule.source_cidrs))) == 0])
  }

  # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html; neither can be raised.
  validation {
    condition = alltrue([
      for rule in values(var.rules) : length(flatten([tolist(rule.hosts), tolist(rule.paths), tolist(rule.methods), tolist(rule.source_cidrs), [for values in values(rule.headers) : tolist(values)]])) <= 5
    ])
    error_message = join(" ", [
      for name, values in { for name, rule in var.rules : name => flatten([tolist(rule.hosts), tolist(rule.paths), tolist(rule.methods), tolist(rule.source_cidrs), [for values in values(rule.headers) : tolist(values)]]) } :
      "rules.${name}: has ${length(values)} condition values (${join(", ", values)}); AWS allows 5 a rule, all conditions together. Split it into rules \"${name}\" and, say, \"${name}-2\", with a priority each and the same answer."
      if length(values) > 5
    ])
  }

  validation {
    condition = alltrue([
      for rule in values(var.rules) : length(regexall("[*?]", join(" ", flatten([tolist(rule.hosts), tolist(rule.paths), [for values in values(rule.headers) : tolist(values)]])))) <= 5
    ])
    error_message = join(" ", [
      for name, patterns in { for name, rule in var.rules : name => flatten([tolist(rule.hosts), tolist(rule.paths), [for values in values(rule.headers) : tolist(values)]]) } :
      "rules.${name}: has ${length(regexall("[*?]", join(" ", patterns)))} wildcards (${join(", ", patterns)}); AWS allows 5 a rule, all conditions together. Split it into rules \"${name}\" and, say, \"${name}-2\", with a priority each and the same answer."
      if length(regexall("[*?]", join(" ", patterns))) > 5
    ])
  }

  validation {
    condition = alltrue(flatten([for rule in values(var.rules) : [for host in rule.hosts : can(regex("^[A-Za-z0-9_.*?-]*\\.[A-Za-z]+$", host)) && length(host) <= 128]]))
    error_message = join(" ", flatten([
      for name, rule in var.rules : [
        for host in rule.hosts :
        "rules.${name}: \"${host}\" is no host that AWS accepts: letters, digits, - _ . * and ?, with a dot and only letters after the last one, at most 128; e.g. \"registry.example.com\" or \"*.example.com\"."
        if !(can(regex("^[A-Za-z0-9_.*?-]*\\.[A-Za-z]+$", host)) && length(host) <= 128)
      ]
    ]))
  }

  # A path that begins with neither could only match by accident: every path of a request begins with "/".
  validation {
    condition = alltrue(flatten([for rule in values(var.rules) : [for path in rule.paths : can(regex("^[/*][A-Za-z0-9_.$/~\"'@:+&*?-]*$", path)) && length(path) <= 128]]))
    error_message = join(" ", flatten([
      for name, rule in var.rules : [
        for path in rule.paths :
        "rules.${name}: \"${path}\" is no path that AWS accepts: it must begin with \"/\" (or \"*\") and hold letters, digits and _ - . $ / ~ \" ' @ : + & * ? only, at most 128, and no query; e.g. \"/api/2.0/mlflow/*\"."
        if !(can(regex("^[/*][A-Za-z0-9_.$/~\"'@:+&*?-]*$", path)) && length(path) <= 128)
      ]
    ]))
  }

  validation {
    condition     = alltrue(flatten([for rule in values(var.rules) : [for method in rule.methods : can(regex("^[A-Z_-]{1,40}$", method))]]))
    error_message = join(" ", [for name, rule in var.rules : "rules.${name}: methods has ${join(", ", rule.methods)}; AWS compares them with case and without wildcards: capital letters, - and _ only, e.g. \"GET\"." if !alltrue([for method in rule.methods : can(regex("^[A-Z_-]{1,40}$", method))])])
  }

  validation {
    condition = alltrue(flatten([
      for rule in values(var.rules) : concat(
        [length(distinct([for header in keys(rule.headers) : lower(header)])) == length(rule.headers)],
        [for header, values in rule.headers : can(regex("^[A-Za-z0-9!#$%&'+.^_`|~-]{1,40}$", header)) && lower(header) != "host" && length(values) > 0],
        [for value in flatten([for values in values(rule.headers) : tolist(values)]) : can(regex("^[ -\\[\\]-~]{1,128}$", value))],
      )
    ]))
    error_message = join(" ", [
      for name, rule in var.rules :
      "rules.${name}: headers (${join(", ", keys(rule.headers))}): a name has at most 40 characters, no wildcards, stands once whatever its case, and is not \"Host\" (use hosts); each has at least one value of 1 to 128 visible characters without backslash."
      if length(rule.headers) > 0
    ])
  }

  validation {
    condition     = alltrue(flatten([for rule in values(var.rules) : [for cidr in rule.source_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false)]]))
    error_message = join(" ", [for name, rule in var.rules : "rules.${name}: source_cidrs has ${join(", ", rule.source_cidrs)}; each must be a network address with its prefix length and without host bits, e.g. \"203.0.113.0/24\"." if !alltrue([for cidr in rule.source_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false)])])
  }

  validation {
    condition = alltrue([
      for rule in values(var.rules) : rule.fixed_response == null ? true : (
        can(regex("^[245][0-9]{2}$", rule.fixed_response.status_code)) && length(rule.fixed_response.message_body == null ? "" : rule.fixed_response.message_body) <= 1024 &&
        contains(["application/javascript", "application/json", "text/css", "text/html", "text/plain"], rule.fixed_response.content_type)
      )
    ])
    error_message = join(" ", [
      for name, rule in var.rules :
      "rules.${name}: fixed_response takes a status_code 2xx, 4xx or 5xx, a message_body of at most 1024 characters, and content_type text/plain, text/css, text/html, application/javascript or application/json."
      if rule.fixed_response == null ? false : !(
        can(regex("^[245][0-9]{2}$", rule.fixed_response.status_code)) && length(rule.fixed_response.message_body == null ? "" : rule.fixed_response.message_body) <= 1024 &&
        contains(["application/javascript", "application/json", "text/css", "text/html", "text/plain"], rule.fixed_response.content_type)
      )
    ])
  }

  validation {
    condition = alltrue([
      for rule in values(var.rules) : rule.redirect == null ? true : (
        contains([301, 302], rule.redirect.status_code) &&
        "${rule.redirect.protocol}|${rule.redirect.host}|${rule.redirect.port}|${rule.redirect.path}" != "#{protocol}|#{host}|#{port}|/#{path}"
      )
    ])
    error_message = join(" ", [
      for name, rule in var.rules :
      "rules.${name}: redirect must be 301 or 302 and change protocol, host, port or path, or clients would be sent round in a circle."
      if rule.redirect == null ? false : !(
        contains([301, 302], rule.redirect.status_code) &&
        "${rule.redirect.protocol}|${rule.redirect.host}|${rule.redirect.port}|${rule.redirect.path}" != "#{protocol}|#{host}|#{port}|/#{path}"
      )
    ])
  }
}

variable "services" {
  description = "Names of the ECS services that register with target groups. A group without one would have no targets, and answer 503."
  type        = set(string)
  nullable    = false
}

variable "tags" {
  description = "Tags of every resource, beside the provider's default tags."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "target_groups" {
  description = "Target groups by key: the `service` that registers, the `port` it listens on, how its health is asked for, and seconds: `deregistration_delay_seconds` for which a stopping task may finish its requests, `slow_start` (0, or 30 to 900) over which a new one gets its full share."
  type = map(object({
    service = string
    port    = number
    health_check = object({
      path                = string
      matcher             = optional(string, "200")
      interval_seconds    = optional(number, 15)
      timeout_seconds     = optional(number, 5)
      healthy_threshold   = optional(number, 2)
      unhealthy_threshold = optional(number, 3)
    })
    deregistration_delay_seconds = optional(number, 60)
    slow_start                   = optional(number, 0)
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for key in keys(var.target_groups) : can(regex("^[a-z][a-z0-9-]*$", key))])
    error_message = "target_groups: ${join(", ", [for key in keys(var.target_groups) : "\"${key}\"" if !can(regex("^[a-z][a-z0-9-]*$", key))])} must be lower-case letters, digits and hyphens, beginning with a letter: it is part of the group's name."
  }

  validation {
    condition     = alltrue([for group in values(var.target_groups) : contains(var.services, group.service)])
    error_message = join(" ", [for key, group in var.target_groups : "target_groups.${key}: no service \"${group.service}\" registers with it, so it would have no targets; services are ${join(", ", var.services)}." if !contains(var.services, group.service)])
  }

  validation {
    condition     = alltrue([for group in values(var.target_groups) : group.port >= 1 && group.port <= 65535 && floor(group.port) == group.port])
    error_message = join(" ", [for key, group in var.target_groups : "target_groups.${key}: port is ${group.port}; give one whole port number from 1 to 65535." if group.port < 1 || group.port > 65535 || floor(group.port) != group.port])
  }

  validation {
    condition     = alltrue([for group in values(var.target_groups) : startswith(group.health_check.path, "/") && length(group.health_check.path) <= 1024])
    error_message = join(" ", [for key, group in var.target_groups : "target_groups.${key}: health_check.path is \"${group.health_check.path}\"; it must begin with \"/\", e.g. \"/health/ready\"." if !(startswith(group.health_check.path, "/") && length(group.health_check.path) <= 1024)])
  }

  validation {
    condition     = alltrue([for group in values(var.target_groups) : can(regex("^[2-4][0-9]{2}([,-][2-4][0-9]{2})*$", group.health_check.matcher))])
    error_message = join(" ", [for key, group in var.target_groups : "target_groups.${key}: health_check.matcher is \"${group.health_check.matcher}\"; AWS accepts status codes from 200 to 499, as in \"200\", \"200,204\" or \"200-299\"." if !can(regex("^[2-4][0-9]{2}([,-][2-4][0-9]{2})*$", group.health_check.matcher))])
  }

  validation {
    condition = alltrue([
      for check in values(var.target_groups)[*].health_check :
      check.interval_seconds >= 5 && check.interval_seconds <= 300 && check.timeout_seconds >= 2 && check.timeout_seconds <= 120 && check.timeout_seconds < check.interval_seconds &&
      check.healthy_threshold >= 2 && check.healthy_threshold <= 10 && check.unhealthy_threshold >= 2 && check.unhealthy_threshold <= 10
    ])
    error_message = join(" ", [
      for key, check in { for key, group in var.target_groups : key => group.health_check } :
      "target_groups.${key}: health_check has interval_seconds ${check.interval_seconds}, timeout_seconds ${check.timeout_seconds}, healthy_threshold ${check.healthy_threshold}, unhealthy_threshold ${check.unhealthy_threshold}; AWS accepts an interval of 5 to 300, a timeout of 2 to 120 that is shorter than the interval, and thresholds of 2 to 10."
      if !(
        check.interval_seconds >= 5 && check.interval_seconds <= 300 && check.timeout_seconds >= 2 && check.timeout_seconds <= 120 && check.timeout_seconds < check.interval_seconds &&
        check.healthy_threshold >= 2 && check.healthy_threshold <= 10 && check.unhealthy_threshold >= 2 && check.unhealthy_threshold <= 10
      )
    ])
  }

  validation {
    condition     = alltrue([for group in values(var.target_groups) : group.deregistration_delay_seconds >= 0 && group.deregistration_delay_seconds <= 3600 && (group.slow_start == 0 || (group.slow_start >= 30 && group.slow_start <= 900))])
    error_message = join(" ", [for key, group in var.target_groups : "target_groups.${key}: deregistration_delay_seconds is ${group.deregistration_delay_seconds} (AWS accepts 0 to 3600) and slow_start ${group.slow_start} (0, or 30 to 900)." if !(group.deregistration_delay_seconds >= 0 && group.deregistration_delay_seconds <= 3600 && (group.slow_start == 0 || (group.slow_start >= 30 && group.slow_start <= 900)))])
  }
}

variable "vpc_id" {
  description = "VPC of the services."
  type        = string
  nullable    = false
}
