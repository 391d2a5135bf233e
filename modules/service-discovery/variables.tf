variable "environment" {
  description = "Environment; part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens, 2 to 20 characters, e.g. \"staging\"."
  }
}

variable "services" {
  description = <<-EOT
    Services that others find by name, keyed by that name: `mlflow` answers as `mlflow.hokusai-<environment>.local`.
    - `ttl_seconds`: how long a client may remember an address. A task that is gone is still called for that long.
  EOT
  type = map(object({
    ttl_seconds = optional(number, 10)
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.services) : can(regex("^[a-z][a-z0-9-]{0,61}[a-z0-9]$", name))])
    error_message = "services has names that are no DNS label: ${join(", ", [for name in keys(var.services) : "\"${name}\"" if !can(regex("^[a-z][a-z0-9-]{0,61}[a-z0-9]$", name))])}. Use 2 to 63 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.ttl_seconds >= 1 && service.ttl_seconds <= 60 && floor(service.ttl_seconds) == service.ttl_seconds])
    error_message = "services: ttl_seconds must be a whole number from 1 to 60; change ${join(", ", [for name, service in var.services : "\"${name}\" (${service.ttl_seconds})" if !(service.ttl_seconds >= 1 && service.ttl_seconds <= 60 && floor(service.ttl_seconds) == service.ttl_seconds)])}. With more, clients keep calling tasks that a deployment has stopped."
  }
}

variable "tags" {
  description = "Tags of every resource of the module, over the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "vpc_id" {
  description = "VPC in which the names resolve. It needs DNS support and DNS host names, as `network` makes it."
  type        = string
  nullable    = false
}
