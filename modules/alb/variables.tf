variable "access_logs" {
  description = "Bucket and prefix (no slash at its ends) of the access logs. The bucket must allow the delivery before the load balancer is made (module `log-bucket`)."
  type = object({
    bucket_name = string
    prefix      = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[^/](.*[^/])?$", var.access_logs.prefix)) && !strcontains(var.access_logs.prefix, "AWSLogs")
    error_message = "access_logs.prefix is \"${var.access_logs.prefix}\": it must not be empty, begin or end with \"/\", or contain \"AWSLogs\", which the load balancer adds itself; write e.g. \"alb/edge\"."
  }
}

variable "certificate_arn" {
  description = "ARN of the ACM certificate, in this region, that covers every host which rules name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:(acm|iam):", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of a certificate in this region, e.g. \"arn:aws:acm:us-east-1:123456789012:certificate/…\"."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the load balancer. Switch off, and apply, before it is to be removed."
  type        = bool
  nullable    = false
  default     = true
}

variable "environment" {
  description = "Environment that the load balancer belongs to; part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens, 2 to 20 characters, e.g. \"staging\"."
  }
}

variable "idle_timeout_seconds" {
  description = "Seconds of silence after which a connection is closed. MLflow is silent while it copies an artifact to S3, so it is longer than AWS's 60; targets must keep idle connections open for longer than this."
  type        = number
  nullable    = false
  default     = 300

  validation {
    condition     = var.idle_timeout_seconds >= 1 && var.idle_timeout_seconds <= 4000
    error_message = "idle_timeout_seconds is ${var.idle_timeout_seconds}: AWS accepts 1 to 4000."
  }
}

variable "log_kms_key_arn" {
  description = "ARN of the KMS key that encrypts the WAF's logs. Its policy must let CloudWatch Logs use it for this log group."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.log_kms_key_arn))
    error_message = "log_kms_key_arn must be the ARN of a KMS key (not of an alias), e.g. \"arn:aws:kms:us-east-1:123456789012:key/…\"."
  }
}

variable "log_retention_days" {
  description = "Days that the WAF's logs are kept; one of the values that CloudWatch Logs accepts."
  type        = number
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}: CloudWatch Logs accepts 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "name" {
  description = "What the load balancer is for, e.g. `edge`, `registry` or `auth`; it is called `hokusai-<name>-<environment>`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.name))
    error_message = "name is \"${var.name}\": it must be lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, e.g. \"edge\"."
  }
}

variable "ssl_policy" {
  description = "AWS's security policy of the HTTPS listener: TLS 1.3, or 1.2 for clients that have no 1.3."
  type        = string
  nullable    = false
  default     = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  # The names say the oldest version that is let in: …-TLS13-1-0-… and …-TLS13-1-1-… would pass for TLS 1.3 policies.
  validation {
    condition     = can(regex("^ELBSecurityPolicy-TLS13-1-[23]-", var.ssl_policy))
    error_message = "ssl_policy is \"${var.ssl_policy}\": only policies that offer TLS 1.3 and nothing older than 1.2 are accepted, i.e. ELBSecurityPolicy-TLS13-1-2-… or ELBSecurityPolicy-TLS13-1-3-…."
  }
}

variable "subnet_ids" {
  description = "Public subnets by zone letter, at least two."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids has ${length(var.subnet_ids)} subnet: AWS asks for subnets in at least two zones."
  }
}

variable "tags" {
  description = "Tags of every resource, beside the provider's default tags."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "vpc_id" {
  description = "VPC of the subnets."
  type        = string
  nullable    = false
}

variable "waf" {
  description = "`rate_limit_per_5_minutes`: requests that one address may make within five minutes before it is answered 429. A training job logs one request a metric and step, and a whole team may share one address."
  type = object({
    rate_limit_per_5_minutes = optional(number, 6000)
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.waf.rate_limit_per_5_minutes >= 10 && var.waf.rate_limit_per_5_minutes <= 2000000000
    error_message = "waf.rate_limit_per_5_minutes is ${var.waf.rate_limit_per_5_minutes}: AWS accepts 10 to 2,000,000,000."
  }
}
