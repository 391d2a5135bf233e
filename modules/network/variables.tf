variable "cidr" {
  description = "IPv4 range of the VPC in CIDR notation, /16 to /28. Cannot be changed later without replacing everything in it."
  type        = string
  nullable    = false

  # AWS would cut the host bits off silently, and the next plan would want to replace the VPC.
  validation {
    condition     = try(cidrsubnet(var.cidr, 0, 0) == var.cidr, false)
    error_message = "cidr is \"${var.cidr}\": it must be an IPv4 network address with its prefix length and no host bits set, e.g. \"10.20.0.0/16\"."
  }

  validation {
    condition     = try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 28, false)
    error_message = "cidr is \"${var.cidr}\": AWS accepts /16 to /28 for a VPC."
  }
}

variable "environment" {
  description = "Environment that the network belongs to; part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens, 2 to 20 characters, e.g. \"staging\"."
  }
}

variable "interface_endpoints" {
  description = "AWS services reached privately, as the short names that follow `com.amazonaws.<region>.`, e.g. `ecr.api`. Each is charged by zone and hour."
  type        = set(string)
  nullable    = false
  default     = ["ecr.api", "ecr.dkr", "kms", "logs", "ssm"]

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9][a-z0-9.-]*$", service)) && !startswith(service, "com.amazonaws.")])
    error_message = "interface_endpoints has ${join(", ", [for service in var.interface_endpoints : service if !can(regex("^[a-z0-9][a-z0-9.-]*$", service)) || startswith(service, "com.amazonaws.")])}: use the service's short name, e.g. \"ecr.api\" instead of \"com.amazonaws.us-east-1.ecr.api\"."
  }

  validation {
    condition     = !contains(var.interface_endpoints, "s3")
    error_message = "interface_endpoints has \"s3\": this module always makes the gateway endpoint of S3, which costs nothing; remove it from interface_endpoints."
  }

  # A Fargate task that cannot reach one of these does not start, and says so only in its stopped reason after the apply.
  validation {
    condition     = var.nat != "none" || length(setsubtract(["ecr.api", "ecr.dkr", "kms", "logs", "ssm"], var.interface_endpoints)) == 0
    error_message = "interface_endpoints lacks ${join(", ", setsubtract(["ecr.api", "ecr.dkr", "kms", "logs", "ssm"], var.interface_endpoints))}: with nat = \"none\" Fargate pulls images, writes logs and reads parameters only through interface endpoints. Add them, or set nat to \"single\" or \"per_zone\"."
  }
}

variable "log_kms_key_arn" {
  description = "ARN of the KMS key that encrypts the flow logs. Its policy must let CloudWatch Logs use it for this log group."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.log_kms_key_arn))
    error_message = "log_kms_key_arn must be the ARN of a KMS key (not of an alias), e.g. \"arn:aws:kms:us-east-1:123456789012:key/…\"."
  }
}

variable "log_retention_days" {
  description = "Days that flow logs are kept; one of the values that CloudWatch Logs accepts."
  type        = number
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}: CloudWatch Logs accepts 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "nat" {
  description = "How private subnets reach the internet: `none` (only AWS services, through endpoints), `single` (one NAT gateway: cheap, and lost with its zone) or `per_zone`."
  type        = string
  nullable    = false
  default     = "per_zone"

  validation {
    condition     = contains(["none", "single", "per_zone"], var.nat)
    error_message = "nat is \"${var.nat}\": it must be \"none\", \"single\" or \"per_zone\"."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the permissions boundary of the flow logs' role; null for none."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource, beside the provider's default tags."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "zones" {
  description = "Availability zones by letter (`a` is `<region>a`), each with the IPv4 ranges of its public and its private subnet. At least two: load balancers and databases ask for them."
  type = map(object({
    public_cidr  = string
    private_cidr = string
  }))
  nullable = false

  validation {
    condition     = length(var.zones) >= 2 && alltrue([for zone in keys(var.zones) : can(regex("^[a-z]$", zone))])
    error_message = "zones has the keys ${join(", ", [for zone in keys(var.zones) : "\"${zone}\""])}: give at least two zones, each by its letter alone, e.g. a and b."
  }
}
