variable "access_logs" {
  description = "Bucket and prefix (ending in \"/\") that receive the server access logs: who read or wrote which artifact."
  type = object({
    bucket_name = string
    prefix      = string
  })
  nullable = false
}

variable "deletion_protection" {
  description = "Refuse, while planning, what would destroy or replace the bucket or its key. false lets an environment be torn down with all its artifacts."
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

variable "key_deletion_window_days" {
  description = "Days between the key's deletion and the loss of every artifact, 7 to 30: the time left to notice."
  type        = number
  default     = 30
  nullable    = false
}

variable "lifecycle_rules" {
  description = "Lifecycle rules by name: the prefix they hold for, storage class => days since the artifact was written, days until it expires, days until an old version is deleted, how many old versions are kept whatever their age, days until an unfinished upload is given up (7 in the whole bucket anyway)."
  type = map(object({
    prefix                       = optional(string, "")
    enabled                      = optional(bool, true)
    transitions                  = optional(map(number), {})
    expire_after_days            = optional(number)
    expire_noncurrent_after_days = optional(number)
    keep_noncurrent_versions     = optional(number)
    abort_uploads_after_days     = optional(number)
  }))
  default = {
    expire-old-versions = {
      expire_noncurrent_after_days = 90
    }
  }
  nullable = false

  validation {
    condition = alltrue(flatten([for rule in values(var.lifecycle_rules) : [
      for class in keys(rule.transitions) : !contains(["DEEP_ARCHIVE", "GLACIER", "ONEZONE_IA"], class)
    ]]))
    error_message = "lifecycle_rules with a storage class that MLflow cannot serve from: ${join(", ", flatten([for name, rule in var.lifecycle_rules : [for class in keys(rule.transitions) : "${name} (${class})" if contains(["DEEP_ARCHIVE", "GLACIER", "ONEZONE_IA"], class)]]))}. Objects in GLACIER and DEEP_ARCHIVE answer 403 until restored by hand, and ONEZONE_IA loses them with its zone. Use STANDARD_IA, INTELLIGENT_TIERING or GLACIER_IR."
  }

  validation {
    condition     = alltrue([for rule in values(var.lifecycle_rules) : rule.expire_after_days == null || rule.prefix != ""])
    error_message = "lifecycle_rules that expire every artifact of the registry: ${join(", ", [for name, rule in var.lifecycle_rules : name if rule.expire_after_days != null && rule.prefix == ""])}. expire_after_days needs a prefix, e.g. \"scratch/\"."
  }
}

variable "object_lock" {
  description = "Default retention of every new artifact version: mode GOVERNANCE (privileged users may lift it) or COMPLIANCE (nobody can, root included), for so many days. null: none."
  type = object({
    mode = string
    days = number
  })
  default = null

  validation {
    condition     = var.object_lock == null || contains(["COMPLIANCE", "GOVERNANCE"], try(var.object_lock.mode, ""))
    error_message = "object_lock.mode must be \"GOVERNANCE\" or \"COMPLIANCE\"."
  }

  validation {
    condition     = var.object_lock == null || try(var.object_lock.days >= 1 && floor(var.object_lock.days) == var.object_lock.days, false)
    error_message = "object_lock.days must be a whole number of days, 1 or more."
  }

  validation {
    condition     = var.object_lock == null || var.deletion_protection
    error_message = "object_lock needs deletion_protection: locked versions cannot be deleted, so an environment with them cannot be torn down."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the permissions boundary of the replication role. null: none."
  type        = string
  default     = null
}

variable "replication" {
  description = "Copy every artifact to a versioned bucket elsewhere: its ARN, the ARN of the KMS key there, and the account when it is another one (its bucket policy and key policy must then let this account's replication role in). null: no copy."
  type = object({
    destination_bucket_arn  = string
    destination_kms_key_arn = string
    destination_account_id  = optional(string)
  })
  default = null

  validation {
    condition     = var.replication == null || can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]+$", var.replication.destination_bucket_arn))
    error_message = "replication.destination_bucket_arn must be the ARN of a bucket, e.g. \"arn:aws:s3:::hokusai-mlflow-artifacts-copy\"."
  }

  validation {
    condition     = var.replication == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.replication.destination_kms_key_arn))
    error_message = "replication.destination_kms_key_arn must be the ARN of a KMS key (not of an alias: S3 would look it up in the wrong account), e.g. \"arn:aws:kms:us-west-2:123456789012:key/...\"."
  }

  validation {
    condition     = try(var.replication.destination_account_id, null) == null || can(regex("^[0-9]{12}$", var.replication.destination_account_id))
    error_message = "replication.destination_account_id must be twelve digits."
  }
}

variable "tags" {
  description = "Tags of the bucket, its key and the replication role, beside the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
