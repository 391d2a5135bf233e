variable "access_logs" {
  description = "Bucket and prefix (ending in \"/\") that receive the server access logs: who read or wrote the state."
  type = object({
    bucket_name = string
    prefix      = string
  })
  nullable = false
}

variable "deletion_protection" {
  description = "Refuse, while planning, what would destroy or replace the state bucket or its key."
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

variable "noncurrent_versions_days" {
  description = "Days that an old version of the state is kept, as a way back from a broken apply. The last 20 are kept longer."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.noncurrent_versions_days >= 30 && floor(var.noncurrent_versions_days) == var.noncurrent_versions_days
    error_message = "noncurrent_versions_days must be a whole number, 30 or more: a broken state is often found weeks later."
  }
}

variable "state_prefixes" {
  description = "Where states lie in the bucket, each ending in \"/\". Nothing else can be written but approvals, each by who gives it, and entries of the ledger."
  type        = set(string)
  default     = ["bootstrap/", "stack/"]
  nullable    = false

  validation {
    condition     = alltrue([for prefix in var.state_prefixes : can(regex("^[a-z0-9][a-z0-9_-]*/$", prefix)) && !contains(["approvals/", "ledger/"], prefix)])
    error_message = "state_prefixes must be names of one folder each, in lower case and ending in \"/\", and not \"approvals/\" or \"ledger/\"."
  }
}

variable "tags" {
  description = "Tags of the bucket and its key, beside the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
