variable "create_oidc_provider" {
  description = "Make GitHub's OIDC provider. There is one an account: true for the first environment in it, false for the others."
  type        = bool
  nullable    = false
}

variable "deletion_protection" {
  description = "Leave out of the apply role what loses data: deleting buckets, objects, keys and the database. false where an environment may be torn down."
  type        = bool
  default     = true
  nullable    = false
}

variable "dns_names" {
  description = "Public DNS names whose records the apply role may write, e.g. \"registry.hokus.ai\". Records of a shared zone that are not named stay out of reach."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.dns_names : can(regex("^[a-z0-9_-]+([.][a-z0-9_-]+)+$", name))])
    error_message = "dns_names that are not plain lower-case names: ${join(", ", [for name in var.dns_names : name if !can(regex("^[a-z0-9_-]+([.][a-z0-9_-]+)+$", name))])}. Write each name in full, without wildcard and without a dot at the end."
  }
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

variable "github_environment" {
  description = "GitHub environment that protects applies. Its jobs get the apply role; jobs of \"<this>-plan\" and pull requests get the plan role."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+$", var.github_environment))
    error_message = "github_environment \"${var.github_environment}\" must be letters, digits, \"_\", \".\" and \"-\": it becomes a part of the token's subject, which is compared literally, so no wildcard and no colon."
  }

  validation {
    condition     = !endswith(var.github_environment, "-plan")
    error_message = "github_environment \"${var.github_environment}\" must not end in \"-plan\": that is the suffix of the environment that may only plan."
  }
}

variable "github_repository" {
  description = "The one repository that delivers, \"owner/name\" as GitHub spells it (subjects are compared with upper and lower case)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9_.-]+$", var.github_repository))
    error_message = "github_repository \"${var.github_repository}\" must be \"owner/name\", without wildcard: the trust names exactly one repository."
  }
}

variable "ownership_tags" {
  description = "Tags, besides Environment, that the provider's default_tags put on everything of the platform. The apply role may change only VPC parts, keys and Cloud Map names that carry them all."
  type        = map(string)
  default     = { Project = "hokusai" }
  nullable    = false

  validation {
    condition     = length(var.ownership_tags) > 0
    error_message = "ownership_tags is empty: with Environment alone the apply role would reach everything in the account that calls itself \"${var.environment}\". Name a tag that only the platform has, e.g. { Project = \"hokusai\" }."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of a permissions boundary that the organisation puts on the delivery roles themselves. null: none. (The boundary of the roles that apply makes is made here.)"
  type        = string
  default     = null
}

variable "state" {
  description = "This environment's Terraform state: bucket, key of the object, and alias of the KMS key (with \"alias/\"). `readable_keys` are states of other roots in the same bucket, which drift has to know and nobody may write."
  type = object({
    bucket_name   = string
    key           = string
    key_alias     = string
    readable_keys = optional(set(string), [])
  })
  nullable = false

  validation {
    condition     = startswith(var.state.key_alias, "alias/")
    error_message = "state.key_alias \"${var.state.key_alias}\" must begin with \"alias/\", as the state-backend module gives it."
  }

  validation {
    condition     = can(regex("^[^/*?][^*?]*$", var.state.key))
    error_message = "state.key \"${var.state.key}\" must be the key of one object, without \"*\" or \"?\" and without a leading \"/\": it becomes a part of a policy."
  }

  validation {
    condition     = alltrue([for key in var.state.readable_keys : can(regex("^[^/*?][^*?]*$", key))])
    error_message = "state.readable_keys must be keys of one object each, without \"*\" or \"?\" and without a leading \"/\": ${join(", ", var.state.readable_keys)}."
  }
}

variable "tags" {
  description = "Tags of the roles and policies, beside the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
