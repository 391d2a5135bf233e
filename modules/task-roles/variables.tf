variable "cluster_arn" {
  description = "ARN of the cluster in which the tasks run. Its account and region bind the trust of every role, and the keys that a policy may name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:cluster/[A-Za-z0-9_-]+$", var.cluster_arn))
    error_message = "cluster_arn is \"${var.cluster_arn}\": give the full ARN, arn:aws:ecs:<region>:<account>:cluster/<name>."
  }
}

variable "environment" {
  description = "Environment of the tasks; part of every role's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens, 2 to 20 characters, e.g. \"staging\"."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role; null: none."
  type        = string
  default     = null
}

variable "roles" {
  description = <<-EOT
    What each service may do, keyed by the service; each gets an execution role (ECS, to start the task) and a task role (the program itself).
    - `log_group_arn`: the log group to which ECS writes its output.
    - `repository_arn`: the repository that its image is pulled from.
    - `parameter_arns`: SSM parameters that ECS puts into its environment; the program itself cannot read them.
    - `parameter_key_aliases`: aliases (`alias/...`) of the keys that encrypt those parameters.
    - `artifact_access`: read and write objects below `prefix` of one bucket, with the bucket's key. Null: no S3 at all.
    - `master_secret`: read the master secret of one database, whose ARN AWS chooses: `arn_pattern` with the tag of `database_arn`; ECS reads `parameter_arn`, which says which secret it is.
    - `exec`: let a shell be opened in its tasks, recorded in `log_group_arn`, under the key `key_alias`. Null: no.
  EOT
  type = map(object({
    log_group_arn         = string
    repository_arn        = string
    parameter_arns        = optional(set(string), [])
    parameter_key_aliases = optional(set(string), [])
    artifact_access = optional(object({
      bucket_arn = string
      prefix     = string
      key_alias  = string
    }))
    master_secret = optional(object({
      arn_pattern   = string
      database_arn  = string
      key_alias     = string
      parameter_arn = string
    }))
    exec = optional(object({
      log_group_arn = string
      key_alias     = string
    }))
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.roles) : can(regex("^[a-z][a-z0-9-]{0,23}$", name))])
    error_message = "roles has keys that cannot be part of a role's name: ${join(", ", [for name in keys(var.roles) : "\"${name}\"" if !can(regex("^[a-z][a-z0-9-]{0,23}$", name))])}. Use up to 24 lower-case letters, digits and hyphens: IAM allows 64 characters for \"hokusai-<service>-execution-<environment>\"."
  }

  # A wildcard in one of these would quietly turn "exactly this" into "everything like this".
  validation {
    condition = alltrue(flatten([for role in values(var.roles) : [
      for arn in concat(
        [role.log_group_arn, role.repository_arn],
        tolist(role.parameter_arns),
        role.artifact_access == null ? [] : [role.artifact_access.bucket_arn],
        role.master_secret == null ? [] : [role.master_secret.database_arn, role.master_secret.parameter_arn],
        role.exec == null ? [] : [role.exec.log_group_arn],
      ) : can(regex("^arn:[^*?]+$", arn))
    ]]))
    error_message = "roles names resources that are no exact ARN: ${join("; ", flatten([for name, role in var.roles : [
      for arn in concat(
        [role.log_group_arn, role.repository_arn],
        tolist(role.parameter_arns),
        role.artifact_access == null ? [] : [role.artifact_access.bucket_arn],
        role.master_secret == null ? [] : [role.master_secret.database_arn, role.master_secret.parameter_arn],
        role.exec == null ? [] : [role.exec.log_group_arn],
      ) : "\"${name}\": ${arn}" if !can(regex("^arn:[^*?]+$", arn))
    ]]))}. Write the full ARN, without * or ?."
  }

  validation {
    condition = alltrue(flatten([for role in values(var.roles) : [
      for alias in concat(
        tolist(role.parameter_key_aliases),
        role.artifact_access == null ? [] : [role.artifact_access.key_alias],
        role.master_secret == null ? [] : [role.master_secret.key_alias],
        role.exec == null ? [] : [role.exec.key_alias],
      ) : can(regex("^alias/[A-Za-z0-9/_-]+$", alias))
    ]]))
    error_message = "roles names keys by something other than an alias: ${join("; ", flatten([for name, role in var.roles : [
      for alias in concat(
        tolist(role.parameter_key_aliases),
        role.artifact_access == null ? [] : [role.artifact_access.key_alias],
        role.master_secret == null ? [] : [role.master_secret.key_alias],
        role.exec == null ? [] : [role.exec.key_alias],
      ) : "\"${name}\": ${alias}" if !can(regex("^alias/[A-Za-z0-9/_-]+$", alias))
    ]]))}. Write \"alias/<name>\": the policies pin each key by its alias, which is known before the key exists."
  }

  validation {
    condition     = alltrue([for role in values(var.roles) : role.artifact_access == null ? true : can(regex("^[A-Za-z0-9][A-Za-z0-9/_.-]*[A-Za-z0-9]$", role.artifact_access.prefix))])
    error_message = "roles: artifact_access.prefix must be a folder such as \"artifacts\", without wildcards and without / at either end, or the role would reach the whole bucket; change it in ${join(", ", [for name, role in var.roles : "\"${name}\" (\"${role.artifact_access.prefix}\")" if role.artifact_access == null ? false : !can(regex("^[A-Za-z0-9][A-Za-z0-9/_.-]*[A-Za-z0-9]$", role.artifact_access.prefix))])}."
  }

  validation {
    condition     = alltrue([for role in values(var.roles) : role.master_secret == null ? true : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:rds!db-[*]$", role.master_secret.arn_pattern))])
    error_message = "roles: master_secret.arn_pattern must be arn:<partition>:secretsmanager:<region>:<account>:secret:rds!db-*, the secrets that RDS makes; change it in ${join(", ", [for name, role in var.roles : "\"${name}\" (${role.master_secret.arn_pattern})" if role.master_secret == null ? false : !can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:rds!db-[*]$", role.master_secret.arn_pattern))])}."
  }
}

variable "tags" {
  description = "Tags of every resource of the module, over the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
