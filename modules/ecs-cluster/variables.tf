variable "allow_spot" {
  description = "Accept FARGATE_SPOT in `capacity_providers`. AWS takes such tasks back with two minutes' notice, which ends uploads that are running. Refused in production."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !(var.allow_spot && var.environment == "production")
    error_message = "allow_spot must be false in production: AWS takes Spot tasks back with two minutes' notice, in the middle of uploads. Remove it."
  }
}

variable "capacity_providers" {
  description = <<-EOT
    Where tasks run, by capacity provider (FARGATE, FARGATE_SPOT): the cluster's default, and what `ecs-service` is given.
    - `base`: the first tasks of a service go here. AWS accepts one provider with a base.
    - `weight`: share of the others.
  EOT
  type = map(object({
    base   = optional(number, 0)
    weight = number
  }))
  default  = { FARGATE = { weight = 1 } }
  nullable = false

  validation {
    condition     = length(var.capacity_providers) > 0 && length(setsubtract(keys(var.capacity_providers), ["FARGATE", "FARGATE_SPOT"])) == 0
    error_message = "capacity_providers has ${jsonencode(keys(var.capacity_providers))}: give FARGATE, FARGATE_SPOT or both; the platform has no instances of its own."
  }

  validation {
    condition     = var.allow_spot || !contains(keys(var.capacity_providers), "FARGATE_SPOT")
    error_message = "capacity_providers has FARGATE_SPOT, but allow_spot is false: remove FARGATE_SPOT, or set allow_spot outside production, where a task may be taken back."
  }

  validation {
    condition = (
      length([for provider in values(var.capacity_providers) : provider if provider.base > 0]) <= 1 &&
      anytrue([for provider in values(var.capacity_providers) : provider.weight > 0]) &&
      alltrue([for provider in values(var.capacity_providers) :
        provider.base >= 0 && provider.base <= 100000 && provider.weight >= 0 && provider.weight <= 1000
      ])
    )
    error_message = "capacity_providers is ${jsonencode(var.capacity_providers)}: ECS wants at most one base (0 to 100000), weights from 0 to 1000, and one weight above 0."
  }
}

variable "container_insights" {
  description = "Container Insights: \"enhanced\" (figures of every task and container; costs most), \"enabled\" (of services) or \"disabled\" (CPU and memory of services, free)."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["enhanced", "enabled", "disabled"], var.container_insights)
    error_message = "container_insights is \"${var.container_insights}\": ECS accepts \"enhanced\", \"enabled\" or \"disabled\"."
  }
}

variable "environment" {
  description = "Environment of the cluster; part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens, 2 to 20 characters, e.g. \"staging\"."
  }
}

variable "exec" {
  description = "Prepare the cluster for `aws ecs execute-command`: a key for the session and a log group that records what was typed and shown. Null: none, and `ecs-service` must not enable it."
  type        = object({})
  default     = null
}

variable "key_deletion_window_days" {
  description = "Days between asking KMS to delete the key of exec sessions and its loss. Nothing is stored under that key."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.key_deletion_window_days >= 7 && var.key_deletion_window_days <= 30 && floor(var.key_deletion_window_days) == var.key_deletion_window_days
    error_message = "key_deletion_window_days is ${var.key_deletion_window_days}: KMS accepts whole days from 7 to 30."
  }
}

variable "log_kms_key_arn" {
  description = "ARN of the KMS key that encrypts the log of exec sessions (`observability` makes it)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.log_kms_key_arn))
    error_message = "log_kms_key_arn is \"${var.log_kms_key_arn}\": give the ARN of a key (arn:aws:kms:<region>:<account>:key/...); CloudWatch Logs accepts no alias."
  }
}

variable "log_retention_days" {
  description = "Days for which the log of exec sessions is kept; one of the values that CloudWatch accepts."
  type        = number
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}: CloudWatch accepts 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "tags" {
  description = "Tags of every resource of the module, over the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
