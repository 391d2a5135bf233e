variable "allocated_storage_gib" {
  description = "Storage at creation, in GiB. It only ever grows; RDS cannot shrink it."
  type        = number
  nullable    = false

  validation {
    condition     = var.allocated_storage_gib >= 20 && var.allocated_storage_gib <= 65536 && floor(var.allocated_storage_gib) == var.allocated_storage_gib
    error_message = "allocated_storage_gib is ${var.allocated_storage_gib}: RDS accepts whole GiB from 20 to 65536 for gp3."
  }
}

variable "application_password_version" {
  description = "Version of the application user's password. Raise it by one to draw a new password; then run the migration task, which gives it to the user, and restart MLflow."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.application_password_version >= 1 && floor(var.application_password_version) == var.application_password_version
    error_message = "application_password_version is ${var.application_password_version}: it counts up from 1 in whole numbers."
  }
}

variable "apply_immediately" {
  description = "Apply changes that interrupt the database (class, version) at once instead of in the maintenance window, Sunday 04:30 UTC. Until the window a plan keeps showing such a change."
  type        = bool
  default     = false
  nullable    = false
}

variable "backup_retention_days" {
  description = "Days for which the database can be restored to any second. 0 would switch backups off and is refused."
  type        = number
  nullable    = false

  validation {
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 35 && floor(var.backup_retention_days) == var.backup_retention_days
    error_message = "backup_retention_days is ${var.backup_retention_days}: RDS keeps automated backups for 1 to 35 days, and 0 would leave the model registry without any."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the instance or its key, at plan (guard) and at RDS, and take a final snapshot. Lifting it is two deliberate steps, see above."
  type        = bool
  default     = true
  nullable    = false
}

variable "engine_version" {
  description = "PostgreSQL version: a major (\"16\": AWS applies minors in the maintenance window) or a pinned minor (\"16.9\": only a change here upgrades)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(1[4-9]|[2-9][0-9])([.][0-9]{1,2})?$", var.engine_version))
    error_message = "engine_version is \"${var.engine_version}\": give a PostgreSQL major from 14 on, or a major and minor, e.g. \"16\" or \"16.9\"."
  }
}

variable "environment" {
  description = "Environment that the database belongs to; part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens, 2 to 20 characters, e.g. \"staging\"."
  }
}

variable "final_snapshot" {
  description = "Take a snapshot, and keep the automated backups, when the instance is deleted. Null follows deletion_protection; true is for taking down an environment whose protection was lifted."
  type        = bool
  default     = null

  validation {
    condition     = !(var.deletion_protection && coalesce(var.final_snapshot, true) == false)
    error_message = "final_snapshot is false with deletion_protection: a protected database leaves a snapshot whatever happens. Lift the protection first, or leave final_snapshot out."
  }
}

variable "inherited" {
  description = "What RDS never changes in an instance, for one that is imported: its database, its master user, the key of its storage; and the MLflow server's own user, which must be another than the master. Null for an instance that this module makes."
  type = object({
    application_user = string
    database_name    = string
    kms_key_arn      = string
    master_username  = string
  })
  default = null

  validation {
    condition     = var.inherited == null ? true : var.inherited.application_user != var.inherited.master_username
    error_message = "inherited.application_user is \"${try(var.inherited.application_user, "")}\", the master user: AWS rotates the master's password every seven days, and MLflow would lose its access. Name another user; the migration task makes it."
  }

  validation {
    condition     = var.inherited == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.inherited.kms_key_arn))
    error_message = "inherited.kms_key_arn is \"${try(var.inherited.kms_key_arn, "")}\": give the ARN of the key, as `aws rds describe-db-instances` shows it (KmsKeyId)."
  }
}

variable "instance_class" {
  description = "RDS instance class, e.g. \"db.t4g.medium\": memory decides how many connections MLflow may open."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^db[.][a-z0-9-]+[.][a-z0-9]+$", var.instance_class))
    error_message = "instance_class is \"${var.instance_class}\": RDS classes look like \"db.t4g.medium\", with \"db.\" in front."
  }
}

variable "key_deletion_window_days" {
  description = "Days between asking KMS to delete the key and its loss, in which the deletion can be taken back. Without the key neither storage nor backups can be read."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.key_deletion_window_days >= 7 && var.key_deletion_window_days <= 30 && floor(var.key_deletion_window_days) == var.key_deletion_window_days
    error_message = "key_deletion_window_days is ${var.key_deletion_window_days}: KMS accepts whole days from 7 to 30."
  }
}

variable "log_kms_key_arn" {
  description = "ARN of the KMS key that encrypts the log groups (`observability` makes it)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.log_kms_key_arn))
    error_message = "log_kms_key_arn is \"${var.log_kms_key_arn}\": give the ARN of a key (arn:aws:kms:<region>:<account>:key/...); CloudWatch Logs accepts no alias."
  }
}

variable "log_retention_days" {
  description = "Days for which the database's logs are kept; one of the values that CloudWatch accepts."
  type        = number
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}: CloudWatch accepts 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "max_allocated_storage_gib" {
  description = "GiB up to which RDS grows the storage by itself when less than a tenth is free. A full disk stops the registry."
  type        = number
  nullable    = false

  validation {
    condition     = var.max_allocated_storage_gib >= 1.1 * var.allocated_storage_gib && var.max_allocated_storage_gib <= 65536 && floor(var.max_allocated_storage_gib) == var.max_allocated_storage_gib
    error_message = "max_allocated_storage_gib is ${var.max_allocated_storage_gib}: RDS wants at least a tenth more than allocated_storage_gib (${var.allocated_storage_gib}), and at most 65536, in whole GiB."
  }
}

variable "monitoring_interval_seconds" {
  description = "Seconds between samples of enhanced monitoring (operating system figures); 0 switches it off, and its role with it."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = contains([0, 1, 5, 10, 15, 30, 60], var.monitoring_interval_seconds)
    error_message = "monitoring_interval_seconds is ${var.monitoring_interval_seconds}: RDS accepts 0 (off), 1, 5, 10, 15, 30 or 60."
  }
}

variable "multi_az" {
  description = "Keep a standby in a second zone, to which RDS fails over in a minute or two. Doubles the cost of the instance."
  type        = bool
  nullable    = false
}

variable "performance_insights" {
  description = "Record the load by statement for seven days, which is free."
  type        = bool
  default     = true
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the monitoring role; null: none."
  type        = string
  default     = null
}

variable "subnet_ids" {
  description = "Private subnets by zone letter. RDS wants two zones or more, even for an instance in one."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids has ${length(var.subnet_ids)} subnets (${join(", ", keys(var.subnet_ids))}): RDS wants at least two, in two zones, even without multi_az."
  }
}

variable "tags" {
  description = "Tags of every resource of the module, over the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "vpc_id" {
  description = "VPC of the security group; the one of subnet_ids."
  type        = string
  nullable    = false
}
