variable "database" {
  description = <<-EOT
    Database to watch; null: none.
    - `allocated_storage_gib`: its storage in GiB; the alarm is at a tenth of it.
    - `max_connections`: what the parameter group or the class allows (RDS for PostgreSQL: memory in bytes / 9531392, at most 5000). Null: no alarm on connections.
  EOT
  type = object({
    identifier            = string
    allocated_storage_gib = number
    max_connections       = optional(number)
  })
  default = null

  validation {
    condition     = var.database == null ? true : var.database.allocated_storage_gib > 0 && coalesce(var.database.max_connections, 100) >= 5
    error_message = "database: allocated_storage_gib must be more than 0 GiB, and max_connections at least 5 (or null, for no alarm)."
  }
}

variable "environment" {
  description = "Environment that is watched; part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens, 2 to 20 characters, e.g. \"staging\"."
  }
}

variable "gateway" {
  description = <<-EOT
    The gateway, to be watched by the metrics that it prints into its log; null: none. One of `log_groups` must be its own.
    - `service`: its key in `services`; begins the names of the alarms, and its errors roll back deployments of that service.
    - `error_percent`: share of requests with an error from which an alarm goes off.
    - `retry_percent`: share of requests that had to be sent to MLflow again, likewise.
    - `slow_milliseconds`: time that one of ten calls to MLflow's database may take.
    - `legacy_service_id_until`: last day (YYYY-MM-DD) of keys of the old service id; their use in the four weeks before goes to the topic. Null: there are none.
  EOT
  type = object({
    service                 = string
    error_percent           = optional(number, 5)
    retry_percent           = optional(number, 5)
    slow_milliseconds       = optional(number, 3000)
    legacy_service_id_until = optional(string)
  })
  default = null

  validation {
    condition     = var.gateway == null ? true : contains(keys(var.services), var.gateway.service)
    error_message = "gateway.service is \"${try(var.gateway.service, "")}\", which services does not name: it has ${join(", ", keys(var.services))}."
  }

  validation {
    condition = var.gateway == null ? true : alltrue([
      for percent in [var.gateway.error_percent, var.gateway.retry_percent] : percent > 0 && percent < 100
    ])
    error_message = "gateway: error_percent and retry_percent must lie between 0 and 100, both excluded."
  }

  validation {
    condition     = var.gateway == null ? true : var.gateway.slow_milliseconds > 0
    error_message = "gateway: slow_milliseconds must be more than 0."
  }

  validation {
    condition     = var.gateway == null ? true : var.gateway.legacy_service_id_until == null ? true : can(formatdate("YYYY", "${var.gateway.legacy_service_id_until}T00:00:00Z"))
    error_message = "gateway: legacy_service_id_until must be a date such as \"2027-03-31\", or null."
  }
}

variable "key_deletion_window_days" {
  description = "Days between asking KMS to delete the key and its loss, in which the deletion can be taken back. Without the key no old log can be read."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.key_deletion_window_days >= 7 && var.key_deletion_window_days <= 30 && floor(var.key_deletion_window_days) == var.key_deletion_window_days
    error_message = "key_deletion_window_days is ${var.key_deletion_window_days}: KMS accepts whole days from 7 to 30."
  }
}

variable "load_balancers" {
  description = <<-EOT
    Application load balancers to watch, by name.
    - `arn_suffix`: as CloudWatch knows it (`app/<name>/<id>`).
    - `target_groups`: the ARN suffix of each target group, keyed by the service behind it: where that is a key of `services`, its errors also roll back deployments of that service.
    - `error_percent`: share of 5xx answers of a target group, from which its alarm goes off.
  EOT
  type = map(object({
    arn_suffix    = string
    target_groups = map(string)
    error_percent = optional(number, 5)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for balancer in values(var.load_balancers) : balancer.error_percent > 0 && balancer.error_percent < 100])
    error_message = "load_balancers: error_percent must lie between 0 and 100, both excluded; change it in ${join(", ", [for name, balancer in var.load_balancers : "\"${name}\" (${balancer.error_percent})" if !(balancer.error_percent > 0 && balancer.error_percent < 100)])}."
  }
}

variable "log_groups" {
  description = "Log groups to make, by key. Under the same key of KMS other modules make theirs."
  type        = map(object({ name = string }))
  nullable    = false

  validation {
    condition     = alltrue([for group in values(var.log_groups) : can(regex("^[A-Za-z0-9_./#-]{1,512}$", group.name)) && !startswith(group.name, "aws/")])
    error_message = "log_groups has names that CloudWatch does not accept: ${join(", ", [for key, group in var.log_groups : "\"${key}\" (${group.name})" if !can(regex("^[A-Za-z0-9_./#-]{1,512}$", group.name)) || startswith(group.name, "aws/")])}. Use letters, digits and _ . / # -, and do not begin with \"aws/\"."
  }

  validation {
    condition     = length(distinct([for group in values(var.log_groups) : group.name])) == length(var.log_groups)
    error_message = "log_groups has one name under several keys: ${join("; ", distinct([for group in values(var.log_groups) : "${group.name} (${join(", ", [for key, other in var.log_groups : key if other.name == group.name])})" if length([for other in values(var.log_groups) : other if other.name == group.name]) > 1]))}. Keep one key for each."
  }
}

variable "log_retention_days" {
  description = "Days for which logs are kept; one of the values that CloudWatch accepts."
  type        = number
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}: CloudWatch accepts 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "notification_emails" {
  description = "Addresses that every alarm is mailed to, after each has confirmed AWS's invitation. Empty: the topic is there, for other subscribers."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.notification_emails : can(regex("^[^@\\s]+@[^@\\s]+[.][^@\\s]+$", email))])
    error_message = "notification_emails has what is no mail address: ${join(", ", [for email in var.notification_emails : "\"${email}\"" if !can(regex("^[^@\\s]+@[^@\\s]+[.][^@\\s]+$", email))])}."
  }
}

variable "services" {
  description = <<-EOT
    ECS services to watch, by key; the key is part of the alarms' names.
    - `cpu_percent`, `memory_percent`: average over a quarter of an hour from which an alarm goes off and a deployment is rolled back. Keep them above the targets of autoscaling.
    - `minimum_tasks`: fewer running tasks are an outage; 0 for a service that may be scaled to nothing: no alarm.
  EOT
  type = map(object({
    cluster_name   = string
    service_name   = string
    cpu_percent    = optional(number, 85)
    memory_percent = optional(number, 85)
    minimum_tasks  = optional(number, 1)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.services) : can(regex("^[a-z][a-z0-9-]*$", key)) && key != "database"])
    error_message = "services has keys that cannot be part of an alarm's name: ${join(", ", [for key in keys(var.services) : "\"${key}\"" if !can(regex("^[a-z][a-z0-9-]*$", key)) || key == "database"])}. Use lower-case letters, digits and hyphens; \"database\" is taken by the alarms of RDS."
  }

  validation {
    condition = alltrue([for service in values(var.services) :
    service.cpu_percent > 0 && service.cpu_percent <= 100 && service.memory_percent > 0 && service.memory_percent <= 100])
    error_message = "services: cpu_percent and memory_percent must be above 0 and at most 100; change ${join(", ", [for key, service in var.services : "\"${key}\" (CPU ${service.cpu_percent}, memory ${service.memory_percent})" if !(service.cpu_percent > 0 && service.cpu_percent <= 100 && service.memory_percent > 0 && service.memory_percent <= 100)])}."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.minimum_tasks >= 0 && floor(service.minimum_tasks) == service.minimum_tasks])
    error_message = "services: minimum_tasks must be a whole number, 0 or more; change ${join(", ", [for key, service in var.services : "\"${key}\" (${service.minimum_tasks})" if service.minimum_tasks < 0 || floor(service.minimum_tasks) != service.minimum_tasks])}."
  }
}

variable "tags" {
  description = "Tags of every resource of the module, over the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
