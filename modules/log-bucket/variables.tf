variable "deletion_protection" {
  description = "Refuse, while planning, what would destroy or replace the bucket. false lets an environment be torn down with all its logs."
  type        = bool
  default     = true
  nullable    = false
}

variable "environment" {
  description = "Environment that this belongs to; part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens, 2 to 20 characters, e.g. \"staging\"."
  }
}

variable "expiration_days" {
  description = "Days until a log is deleted (its last version a week later)."
  type        = number
  nullable    = false

  validation {
    condition     = var.expiration_days >= 1 && floor(var.expiration_days) == var.expiration_days
    error_message = "expiration_days must be a whole number of days, 1 or more, e.g. 90."
  }
}

variable "name" {
  description = "Name of the bucket, e.g. \"hokusai-access-logs-staging\"."
  type        = string
  nullable    = false
}

variable "sources" {
  description = "Who may deliver logs. load_balancers: `name` of the `alb` module (\"edge\", not \"hokusai-edge-staging\") => prefix without slashes at its ends. buckets: any key => the bucket that is logged and its prefix, ending in \"/\"."
  type = object({
    buckets = optional(map(object({
      bucket_name = string
      prefix      = string
    })), {})
    load_balancers = optional(map(string), {})
  })
  nullable = false

  validation {
    condition     = length(var.sources.buckets) + length(var.sources.load_balancers) > 0
    error_message = "sources is empty: a log bucket that nobody may write to. Name at least one bucket or load balancer."
  }

  validation {
    condition     = alltrue([for name in concat(keys(var.sources.buckets), keys(var.sources.load_balancers)) : can(regex("^[a-z][a-z0-9-]*$", name))])
    error_message = "sources with a key that is not lower-case letters, digits and hyphens: ${join(", ", [for name in concat(keys(var.sources.buckets), keys(var.sources.load_balancers)) : name if !can(regex("^[a-z][a-z0-9-]*$", name))])}."
  }

  validation {
    condition     = !anytrue([for name in keys(var.sources.load_balancers) : startswith(name, "hokusai-")])
    error_message = "sources.load_balancers go by the alb module's `name`: ${join(", ", [for name in keys(var.sources.load_balancers) : name if startswith(name, "hokusai-")])} should lose \"hokusai-\" and the environment. The policy names the load balancer hokusai-<name>-${var.environment}, and a wrong name is only found when no log arrives."
  }

  validation {
    condition     = alltrue([for prefix in values(var.sources.load_balancers) : can(regex("^[^/](.*[^/])?$", prefix)) && !strcontains(prefix, "AWSLogs")])
    error_message = "sources.load_balancers with a prefix that begins or ends with \"/\" or contains \"AWSLogs\": ${join(", ", [for name, prefix in var.sources.load_balancers : name if !can(regex("^[^/](.*[^/])?$", prefix)) || strcontains(prefix, "AWSLogs")])}. The load balancer adds \"/AWSLogs/<account>/\" itself; write e.g. \"alb/edge\"."
  }

  validation {
    condition     = alltrue([for source in values(var.sources.buckets) : can(regex("^[^/].*/$", source.prefix))])
    error_message = "sources.buckets with a prefix that does not end with \"/\" or begins with one: ${join(", ", [for name, source in var.sources.buckets : name if !can(regex("^[^/].*/$", source.prefix))])}. Write e.g. \"s3/artifacts/\"."
  }

  validation {
    condition     = !contains([for source in values(var.sources.buckets) : source.bucket_name], var.name)
    error_message = "sources.buckets names the log bucket \"${var.name}\" itself: every log written would cause another one. Remove it."
  }

  validation {
    condition = length(distinct(concat([for source in values(var.sources.buckets) : source.prefix], [for prefix in values(var.sources.load_balancers) : "${prefix}/"]))) == (
      length(var.sources.buckets) + length(var.sources.load_balancers)
    )
    error_message = "sources share a prefix: ${join(", ", sort(concat([for name, source in var.sources.buckets : "${name} (${source.prefix})"], [for name, prefix in var.sources.load_balancers : "${name} (${prefix}/)"])))}. Give each its own, or nobody can tell whose log it is."
  }
}

variable "tags" {
  description = "Tags of the bucket, beside the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
