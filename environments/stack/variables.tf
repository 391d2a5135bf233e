variable "access_log_retention_days" {
  description = "Days that load balancer and bucket access logs are kept."
  type        = number
  nullable    = false
}

variable "account_id" {
  description = "The one AWS account that this environment may be applied to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be twelve digits in quotes, e.g. \"123456789012\" (without quotes a leading zero is lost)."
  }
}

variable "alarm_emails" {
  description = "Addresses that alarms are sent to. Each has to confirm its subscription once."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "allow_spot" {
  description = "Whether tasks may run on Fargate Spot, which AWS takes back with two minutes' notice."
  type        = bool
  default     = false
  nullable    = false
}

variable "artifact_lane" {
  description = "Who moves artifacts between clients and S3: `mlflow` (spools each to disk first) or `direct` (the gateway itself, whose task role then reaches them as MLflow's does)."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["mlflow", "direct"], var.artifact_lane)
    error_message = "artifact_lane is \"${var.artifact_lane}\"; it must be \"mlflow\" (through the tracking server) or \"direct\" (the gateway from S3)."
  }
}

variable "artifact_lifecycle_rules" {
  description = "What happens to artifacts as they age, by name of the rule; see modules/artifact-bucket."
  type = map(object({
    prefix                       = optional(string, "")
    transitions                  = optional(map(number), {})
    expire_noncurrent_after_days = optional(number)
    keep_noncurrent_versions     = optional(number)
    abort_uploads_after_days     = optional(number)
  }))
  nullable = false
}

variable "capacity_providers" {
  description = "Where tasks run, by capacity provider: `base` tasks first, the others by `weight`."
  type = map(object({
    base   = optional(number, 0)
    weight = number
  }))
  default  = { FARGATE = { base = 1, weight = 1 } }
  nullable = false
}

variable "container_insights" {
  description = "Container Insights of the cluster: \"enhanced\" (per task, costs most), \"enabled\" or \"disabled\"."
  type        = string
  nullable    = false
}

variable "database" {
  description = "MLflow's backend store; storage in GiB; `max_connections` is what PostgreSQL accepts at that instance class (memory in bytes / 9531392). `final_snapshot` keeps a last copy when the database is destroyed on purpose; `inherited` is for an instance older than this configuration. See modules/database."
  type = object({
    engine_version              = string
    instance_class              = string
    allocated_storage_gib       = number
    max_allocated_storage_gib   = number
    max_connections             = number
    multi_az                    = bool
    backup_retention_days       = number
    final_snapshot              = optional(bool)
    performance_insights        = optional(bool, true)
    monitoring_interval_seconds = optional(number, 0)
    inherited = optional(object({
      application_user = string
      database_name    = string
      kms_key_arn      = string
      master_username  = string
    }))
  })
  nullable = false
}

variable "default_scopes" {
  description = "Scopes of an API key that was issued without any."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(setsubtract(var.default_scopes, ["mlflow:read", "mlflow:write"])) == 0
    error_message = "default_scopes may hold mlflow:read and mlflow:write; unknown: ${join(", ", setsubtract(var.default_scopes, ["mlflow:read", "mlflow:write"]))}."
  }
}

variable "deletion_protection" {
  description = "Refuses to destroy artifacts, database and load balancers. Off only where everything may be lost."
  type        = bool
  default     = true
  nullable    = false
}

variable "domain" {
  description = "Public domain; registry.<domain> and auth.<domain> are made in its hosted zone, under its certificate."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a DNS name in lower case without a trailing dot, e.g. \"hokus.ai\"."
  }
}

variable "edge" {
  description = "Public load balancers: `shared` (one for both hosts) or `dedicated` (one each); idle timeout in seconds; requests from one address in five minutes before the WAF answers 429."
  type = object({
    topology                 = string
    idle_timeout_seconds     = optional(number, 300)
    rate_limit_per_5_minutes = optional(number, 10000)
  })
  nullable = false

  validation {
    condition     = contains(["shared", "dedicated"], var.edge.topology)
    error_message = "edge.topology is \"${var.edge.topology}\"; it must be \"shared\" (one load balancer, rules by host) or \"dedicated\" (one for each host)."
  }
}

variable "environment" {
  description = "Name of the environment; part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens, 2 to 20 characters, e.g. \"staging\"."
  }
}

variable "exec_enabled" {
  description = "Whether a person may open a shell in a task (audited). Off in production."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !(var.exec_enabled && var.environment == "production")
    error_message = "exec_enabled must be false in production: a shell in a task reaches every artifact. Use logs and metrics."
  }
}

variable "images" {
  description = "Container images by digest: gateway, mlflow and auth. Written by a deploy, reviewed like any other change."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(setsubtract(["gateway", "mlflow", "auth"], keys(var.images))) == 0
    error_message = "images must name gateway, mlflow and auth; missing: ${join(", ", setsubtract(["gateway", "mlflow", "auth"], keys(var.images)))} (environments/<env>/images.tfvars)."
  }
}

variable "legacy_service_id_until" {
  description = "Date (YYYY-MM-DD) until which API keys issued for the old service id `ml-platform` are accepted."
  type        = string
  nullable    = false

  validation {
    condition     = can(formatdate("YYYY", "${var.legacy_service_id_until}T00:00:00Z"))
    error_message = "legacy_service_id_until must be a date such as \"2027-03-31\"."
  }
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps logs."
  type        = number
  nullable    = false
}

variable "network" {
  description = "Address ranges by availability zone letter, the way out (`none`, `single` or `per_zone` NAT) and the interface endpoints."
  type = object({
    cidr = string
    zones = map(object({
      public_cidr  = string
      private_cidr = string
    }))
    nat                 = string
    interface_endpoints = optional(set(string), [])
  })
  nullable = false
}

variable "permissions_boundary" {
  description = "Whether every role carries the boundary that the bootstrap root made (hokusai-boundary-<env>). The apply role of the delivery can make roles only with it."
  type        = bool
  default     = true
  nullable    = false
}

variable "region" {
  description = "AWS region."
  type        = string
  nullable    = false
}

variable "sizes" {
  description = "Size of each task: CPU units, memory in MiB, scratch disk in GiB, how many of them, and settings beyond those that the platform computes."
  type = map(object({
    cpu                   = number
    memory                = number
    ephemeral_storage_gib = optional(number, 21)
    environment           = optional(map(string), {})
    scaling = optional(object({
      min                   = number
      max                   = number
      cpu_target_percent    = optional(number)
      memory_target_percent = optional(number)
    }))
  }))
  nullable = false
}
