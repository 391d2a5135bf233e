variable "access_logs" {
  description = "Bucket and prefix that receive the server access logs. null only for the bucket that holds the logs: logging into itself would log every log."
  type = object({
    bucket_name = string
    prefix      = string
  })

  validation {
    condition     = var.access_logs == null || can(regex("^[^/].*/$", var.access_logs.prefix))
    error_message = "access_logs.prefix of bucket \"${var.name}\" must end with \"/\" and not begin with one, e.g. \"s3/artifacts/\": S3 puts the log's name right behind it."
  }

  validation {
    condition     = var.access_logs == null || try(var.access_logs.bucket_name, "") != var.name
    error_message = "access_logs.bucket_name is the bucket \"${var.name}\" itself: every log written would cause another one. Name the log bucket."
  }
}

variable "deletion_protection" {
  description = "Refuse, while planning, what would destroy or replace the bucket or its key, and never delete objects to get there. false lets an environment be torn down with everything in it."
  type        = bool
  default     = true
  nullable    = false
}

variable "key" {
  description = "Customer managed KMS key of the bucket: its alias (without \"alias/\") and the days between deletion and loss. null means SSE-S3, for buckets whose writers accept no customer key."
  type = object({
    alias                = string
    deletion_window_days = number
  })

  validation {
    condition     = var.key == null || try(var.key.deletion_window_days >= 7 && var.key.deletion_window_days <= 30, false)
    error_message = "key_deletion_window_days of bucket \"${var.name}\" must be 7 to 30 days: KMS accepts nothing else."
  }
}

variable "lifecycle_rules" {
  description = "Lifecycle rules by name: the prefix they hold for, storage class => days since the object was written, days until an object expires, days until an old version is deleted, how many old versions are kept whatever their age, days until an unfinished upload is given up (7 in the whole bucket anyway)."
  type = map(object({
    prefix                       = optional(string, "")
    enabled                      = optional(bool, true)
    transitions                  = optional(map(number), {})
    expire_after_days            = optional(number)
    expire_noncurrent_after_days = optional(number)
    keep_noncurrent_versions     = optional(number)
    abort_uploads_after_days     = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = !contains(keys(var.lifecycle_rules), "housekeeping")
    error_message = "lifecycle_rules[\"housekeeping\"]: this name belongs to the rule that every bucket has. Choose another."
  }

  validation {
    condition = alltrue([for rule in values(var.lifecycle_rules) :
      length(rule.transitions) > 0 || anytrue([for days in [rule.expire_after_days, rule.expire_noncurrent_after_days, rule.abort_uploads_after_days] : days != null])
    ])
    error_message = "lifecycle_rules without any action: ${join(", ", [for name, rule in var.lifecycle_rules : name if length(rule.transitions) == 0 && alltrue([for days in [rule.expire_after_days, rule.expire_noncurrent_after_days, rule.abort_uploads_after_days] : days == null])])}. Give transitions, expire_after_days, expire_noncurrent_after_days or abort_uploads_after_days, or remove the rule."
  }

  validation {
    condition = alltrue(flatten([for rule in values(var.lifecycle_rules) : [
      for class in keys(rule.transitions) : contains(["DEEP_ARCHIVE", "GLACIER", "GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA", "STANDARD_IA"], class)
    ]]))
    error_message = "lifecycle_rules with an unknown storage class: ${join(", ", flatten([for name, rule in var.lifecycle_rules : [for class in keys(rule.transitions) : "${name} (${class})" if !contains(["DEEP_ARCHIVE", "GLACIER", "GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA", "STANDARD_IA"], class)]]))}. S3 moves objects to DEEP_ARCHIVE, GLACIER, GLACIER_IR, INTELLIGENT_TIERING, ONEZONE_IA and STANDARD_IA."
  }

  validation {
    condition = alltrue(flatten([for rule in values(var.lifecycle_rules) : [
      for class, days in rule.transitions : days >= 30 if contains(["ONEZONE_IA", "STANDARD_IA"], class)
    ]]))
    error_message = "lifecycle_rules that move objects to an infrequent access class before day 30, which S3 refuses: ${join(", ", flatten([for name, rule in var.lifecycle_rules : [for class, days in rule.transitions : "${name} (${class} after ${days} days)" if contains(["ONEZONE_IA", "STANDARD_IA"], class) && days < 30]]))}. Use 30 days or more."
  }

  validation {
    condition     = alltrue([for rule in values(var.lifecycle_rules) : length(distinct(values(rule.transitions))) == length(rule.transitions)])
    error_message = "lifecycle_rules that move an object to two storage classes on the same day: ${join(", ", [for name, rule in var.lifecycle_rules : name if length(distinct(values(rule.transitions))) != length(rule.transitions)])}. Give each class a day of its own."
  }

  validation {
    condition     = alltrue([for rule in values(var.lifecycle_rules) : rule.expire_after_days == null || alltrue([for days in values(rule.transitions) : days < coalesce(rule.expire_after_days, 0)])])
    error_message = "lifecycle_rules that move objects on or after the day they expire: ${join(", ", [for name, rule in var.lifecycle_rules : name if rule.expire_after_days != null && anytrue([for days in values(rule.transitions) : days >= coalesce(rule.expire_after_days, 0)])])}. expire_after_days must be later than every transition."
  }

  validation {
    condition = alltrue(flatten([for rule in values(var.lifecycle_rules) : [
      for days in concat(values(rule.transitions), compact([rule.expire_after_days, rule.expire_noncurrent_after_days, rule.abort_uploads_after_days])) : days >= 1 && floor(days) == tonumber(days)
    ]]))
    error_message = "lifecycle_rules with days that are not a whole number from 1 on: ${join(", ", [for name, rule in var.lifecycle_rules : name if anytrue([for days in concat(values(rule.transitions), compact([rule.expire_after_days, rule.expire_noncurrent_after_days, rule.abort_uploads_after_days])) : days < 1 || floor(days) != tonumber(days)])])}. S3 counts whole days."
  }

  validation {
    condition     = alltrue([for rule in values(var.lifecycle_rules) : rule.keep_noncurrent_versions == null || (rule.expire_noncurrent_after_days != null && try(rule.keep_noncurrent_versions >= 1 && rule.keep_noncurrent_versions <= 100, false))])
    error_message = "lifecycle_rules whose keep_noncurrent_versions S3 refuses: ${join(", ", [for name, rule in var.lifecycle_rules : name if rule.keep_noncurrent_versions != null && (rule.expire_noncurrent_after_days == null || !try(rule.keep_noncurrent_versions >= 1 && rule.keep_noncurrent_versions <= 100, false))])}. It must be 1 to 100 and needs expire_noncurrent_after_days beside it."
  }
}

variable "name" {
  description = "Name of the bucket, unique among all accounts of the world."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name \"${var.name}\" is not a bucket name: 3 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit. (Dots are left out: they break TLS for virtual-hosted requests.)"
  }
}

variable "policy_documents" {
  description = "JSON policy documents whose statements are added to the bucket's policy, e.g. for a service that delivers logs. They can only add to the guards: a guard is a Deny."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "tags" {
  description = "Tags of the bucket and its key, beside the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
