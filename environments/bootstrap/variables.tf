variable "account_id" {
  description = "The one AWS account that this environment lives in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be twelve digits in quotes, e.g. \"123456789012\" (without quotes a leading zero is lost)."
  }
}

variable "deletion_protection" {
  description = "Whether the apply role is kept from lifting the stack's protections. The state bucket and the image repositories are always protected."
  type        = bool
  nullable    = false
}

variable "domain" {
  description = "Public domain; the apply role may change the records of registry.<domain> and auth.<domain>, no others."
  type        = string
  nullable    = false
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

variable "github_repository" {
  description = "GitHub repository whose workflows may take the delivery roles."
  type        = string
  default     = "Hokusai-protocol/hokusai-infrastructure"
  nullable    = false
}

variable "region" {
  description = "AWS region."
  type        = string
  nullable    = false
}
