variable "cluster" {
  description = "Cluster that the service runs in: `name` (the autoscaling target is called by it) and `arn`."
  type = object({
    name = string
    arn  = string
  })
  nullable = false

  validation {
    condition     = endswith(var.cluster.arn, ":cluster/${var.cluster.name}")
    error_message = "cluster: arn (${var.cluster.arn}) is not that of the cluster called ${var.cluster.name}; take both from one ecs-cluster."
  }
}

variable "containers" {
  description = <<-EOT
    Containers of the task, by name.
    - `image`: by digest (`<repository>@sha256:...`); a tag can be moved after the review.
    - `command`, `entrypoint`: instead of the image's.
    - `essential`: the task ends when this container does.
    - `port`: TCP port that it listens on.
    - `environment`: plain settings; what looks like a secret is refused.
    - `secrets`: name -> ARN of the SSM parameter or Secrets Manager secret that ECS puts into the environment.
    - `health_check`: `command` begins with CMD or CMD-SHELL; intervals in seconds.
    - `user`: numeric `uid` or `uid:gid`, never root.
    - `read_only_root_filesystem`: writing is possible in the `scratch` mounts only.
    - `scratch`: name -> absolute path of an empty, writable directory on the task's own disk. The image must declare the path as `VOLUME` to own it.
    - `stop_timeout_seconds`: time between SIGTERM and SIGKILL, in which requests that run may end.
    - `cpu` (units), `memory` (MiB): share of the task's, for tasks with several containers. Null: all of it.
  EOT
  type = map(object({
    image       = string
    command     = optional(list(string))
    entrypoint  = optional(list(string))
    essential   = optional(bool, true)
    port        = optional(number)
    environment = optional(map(string), {})
    secrets     = optional(map(string), {})
    health_check = optional(object({
      command              = list(string)
      interval_seconds     = optional(number, 15)
      timeout_seconds      = optional(number, 5)
      retries              = optional(number, 3)
      start_period_seconds = optional(number, 60)
    }))
    user                      = optional(string, "10001:10001")
    read_only_root_filesystem = optional(bool, true)
    scratch                   = optional(map(string), {})
    stop_timeout_seconds      = optional(number, 120)
    cpu                       = optional(number)
    memory                    = optional(number)
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.containers) : can(regex("^[a-z][a-z0-9-]{0,39}$", name))])
    error_message = "containers has names that do not fit: ${join(", ", [for name in keys(var.containers) : "\"${name}\"" if !can(regex("^[a-z][a-z0-9-]{0,39}$", name))])}. Use up to 40 lower-case letters, digits and hyphens, beginning with a letter."
  }

  validation {
    condition     = anytrue([for container in values(var.containers) : container.essential])
    error_message = "containers has no essential container: ECS wants one, with which the task ends."
  }

  validation {
    condition     = alltrue([for container in values(var.containers) : can(regex("^[^@\\s]+@sha256:[0-9a-f]{64}$", container.image))])
    error_message = "containers has images that are not given by digest: ${join(", ", [for name, container in var.containers : "\"${name}\" (${container.image})" if !can(regex("^[^@\\s]+@sha256:[0-9a-f]{64}$", container.image))])}. Write <repository>@sha256:<64 hexadecimal digits>: a tag can be moved after the review, and a rollback would not bring the old image back."
  }

  validation {
    condition     = alltrue([for container in values(var.containers) : container.port == null ? true : container.port >= 1 && container.port <= 65535 && floor(container.port) == container.port])
    error_message = "containers: port must be a whole number from 1 to 65535; change ${join(", ", [for name, container in var.containers : "\"${name}\" (${container.port})" if container.port == null ? false : !(container.port >= 1 && container.port <= 65535 && floor(container.port) == container.port)])}."
  }

  # One network interface, so one set of ports, for the whole task.
  validation {
    condition     = length(distinct([for container in values(var.containers) : container.port if container.port != null])) == length([for container in values(var.containers) : container.port if container.port != null])
    error_message = "containers: two listen on one port, but the containers of a task share its network interface: ${join(", ", [for name, container in var.containers : "\"${name}\" (${container.port})" if container.port != null])}."
  }

  validation {
    condition     = alltrue(flatten([for container in values(var.containers) : [for variable in concat(keys(container.environment), keys(container.secrets)) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", variable))]]))
    error_message = "containers: environment and secrets have names that a shell cannot read: ${join("; ", flatten([for name, container in var.containers : [for variable in concat(keys(container.environment), keys(container.secrets)) : "container \"${name}\": \"${variable}\"" if !can(regex("^[A-Za-z_][A-Za-z0-9_]*$", variable))]]))}. Use letters, digits and _."
  }

  validation {
    condition     = alltrue([for container in values(var.containers) : length(setintersection(keys(container.environment), keys(container.secrets))) == 0])
    error_message = "containers: a name is both in environment and in secrets, and ECS accepts one of them: ${join("; ", flatten([for name, container in var.containers : [for variable in setintersection(keys(container.environment), keys(container.secrets)) : "container \"${name}\": ${variable}"]]))}."
  }

  validation {
    condition     = alltrue(flatten([for container in values(var.containers) : [for arn in values(container.secrets) : can(regex("^arn:[a-z-]+:(ssm:[a-z0-9-]+:[0-9]{12}:parameter/|secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)[^*?\\s]+$", arn))]]))
    error_message = "containers: secrets must be full ARNs of SSM parameters or Secrets Manager secrets; change ${join("; ", flatten([for name, container in var.containers : [for variable, arn in container.secrets : "container \"${name}\": ${variable}" if !can(regex("^arn:[a-z-]+:(ssm:[a-z0-9-]+:[0-9]{12}:parameter/|secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)[^*?\\s]+$", arn))]]))}. (The value is not shown: it may be the secret itself.)"
  }

  validation {
    condition     = alltrue([for container in values(var.containers) : container.health_check == null ? true : contains(["CMD", "CMD-SHELL"], try(container.health_check.command[0], "")) && length(container.health_check.command) >= 2])
    error_message = "containers: health_check.command must be [\"CMD\", program, ...] or [\"CMD-SHELL\", line]; change ${join(", ", [for name, container in var.containers : "\"${name}\"" if container.health_check == null ? false : !(contains(["CMD", "CMD-SHELL"], try(container.health_check.command[0], "")) && length(container.health_check.command) >= 2)])}."
  }

  validation {
    condition = alltrue([for container in values(var.containers) : container.health_check == null ? true : (
      container.health_check.interval_seconds >= 5 && container.health_check.interval_seconds <= 300 &&
      container.health_check.timeout_seconds >= 2 && container.health_check.timeout_seconds <= 60 &&
      container.health_check.retries >= 1 && container.health_check.retries <= 10 &&
      container.health_check.start_period_seconds >= 0 && container.health_check.start_period_seconds <= 300
    )])
    error_message = "containers: health_check of ${join(", ", [for name, container in var.containers : "\"${name}\"" if container.health_check == null ? false : !(
      container.health_check.interval_seconds >= 5 && container.health_check.interval_seconds <= 300 &&
      container.health_check.timeout_seconds >= 2 && container.health_check.timeout_seconds <= 60 &&
      container.health_check.retries >= 1 && container.health_check.retries <= 10 &&
      container.health_check.start_period_seconds >= 0 && container.health_check.start_period_seconds <= 300
    )])} is outside what ECS accepts: interval 5 to 300 seconds, timeout 2 to 60, retries 1 to 10, start period 0 to 300."
  }

  validation {
    condition     = alltrue([for container in values(var.containers) : can(regex("^[1-9][0-9]*(:[1-9][0-9]*)?$", container.user))])
    error_message = "containers: user must be a number other than 0, \"<uid>\" or \"<uid>:<gid>\", so that nobody has to look into the image to see that it is not root; change ${join(", ", [for name, container in var.containers : "\"${name}\" (${container.user})" if !can(regex("^[1-9][0-9]*(:[1-9][0-9]*)?$", container.user))])}."
  }

  validation {
    condition     = alltrue(flatten([for container in values(var.containers) : [for name, path in container.scratch : can(regex("^[a-z][a-z0-9-]{0,39}$", name)) && can(regex("^(/[A-Za-z0-9_.-]+)+$", path)) && !can(regex("/[.]{1,2}(/|$)", path))]]))
    error_message = "containers: scratch wants name = absolute path of a directory below /, e.g. tmp = \"/tmp\"; change ${join("; ", flatten([for container, value in var.containers : [for name, path in value.scratch : "container \"${container}\": ${name} = \"${path}\"" if !(can(regex("^[a-z][a-z0-9-]{0,39}$", name)) && can(regex("^(/[A-Za-z0-9_.-]+)+$", path)) && !can(regex("/[.]{1,2}(/|$)", path)))]]))}."
  }

  validation {
    condition     = alltrue([for container in values(var.containers) : length(distinct(values(container.scratch))) == length(container.scratch)])
    error_message = "containers: scratch mounts one path twice in ${join(", ", [for name, container in var.containers : "\"${name}\" (${join(", ", values(container.scratch))})" if length(distinct(values(container.scratch))) < length(container.scratch)])}."
  }

  validation {
    condition     = alltrue([for container in values(var.containers) : container.stop_timeout_seconds >= 2 && container.stop_timeout_seconds <= 120 && floor(container.stop_timeout_seconds) == container.stop_timeout_seconds])
    error_message = "containers: stop_timeout_seconds must be a whole number from 2 to 120, which is all that Fargate grants; change ${join(", ", [for name, container in var.containers : "\"${name}\" (${container.stop_timeout_seconds})" if !(container.stop_timeout_seconds >= 2 && container.stop_timeout_seconds <= 120 && floor(container.stop_timeout_seconds) == container.stop_timeout_seconds)])}."
  }
}

variable "cpu" {
  description = "CPU units of the task; 1024 are one vCPU. Fargate accepts certain pairs of cpu and memory."
  type        = number
  nullable    = false

  validation {
    condition     = contains(keys(local._fargate_memory), tostring(var.cpu))
    error_message = "cpu is ${var.cpu}: Fargate accepts 256, 512, 1024, 2048, 4096, 8192 or 16384 units (1024 are one vCPU)."
  }
}

variable "cpu_architecture" {
  description = "Processor that the images are built for: \"X86_64\" or \"ARM64\"."
  type        = string
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "cpu_architecture is \"${var.cpu_architecture}\": Fargate accepts \"X86_64\" or \"ARM64\"."
  }
}

variable "discovery" {
  description = "Name under which other services find this one: `service_arn` and `hostname` from `service-discovery`. Null: nobody calls it by name."
  type = object({
    service_arn = string
    hostname    = string
  })
  default = null
}

variable "environment" {
  description = "Environment of the service; part of every name but the service's own, which is per cluster."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens, 2 to 20 characters, e.g. \"staging\"."
  }
}

variable "ephemeral_storage_gib" {
  description = "Disk of the task in GiB, for image layers and all scratch mounts together. Encrypted by Fargate, gone with the task."
  type        = number
  default     = 21
  nullable    = false

  validation {
    condition     = var.ephemeral_storage_gib >= 21 && var.ephemeral_storage_gib <= 200 && floor(var.ephemeral_storage_gib) == var.ephemeral_storage_gib
    error_message = "ephemeral_storage_gib is ${var.ephemeral_storage_gib}: Fargate accepts whole GiB from 21 to 200."
  }
}

variable "keep_revisions" {
  description = "Leave earlier revisions of the task definition active when a new one replaces them: the circuit breaker cannot go back to a revision that is no longer active. False for environments that are torn down without a trace."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_group_name" {
  description = "Log group that the containers write to; made beforehand, with retention and key, by `observability`."
  type        = string
  nullable    = false
}

variable "memory" {
  description = "Memory of the task in MiB."
  type        = number
  nullable    = false

  # An unknown cpu has its own message; here it must not fail for a second, stranger reason.
  validation {
    condition     = contains(lookup(local._fargate_memory, tostring(var.cpu), [var.memory]), var.memory)
    error_message = "memory is ${var.memory} MiB, which Fargate does not offer with cpu ${var.cpu}: it accepts ${join(", ", lookup(local._fargate_memory, tostring(var.cpu), []))}."
  }
}

variable "name" {
  description = "Short name of the service, e.g. \"mlflow\": the ECS service is `hokusai-<name>`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,23}$", var.name))
    error_message = "name is \"${var.name}\": use up to 24 lower-case letters, digits and hyphens, beginning with a letter, e.g. \"mlflow\"."
  }
}

variable "namespace_name" {
  description = "DNS namespace of the services, e.g. \"hokusai-staging.local\"; names below it in the environment must be in `registered_hostnames`."
  type        = string
  nullable    = false
}

variable "registered_hostnames" {
  description = "Full names that `service-discovery` made. Calling another one of the namespace resolves to nothing, and is refused."
  type        = set(string)
  nullable    = false
}

variable "roles" {
  description = "Role with which ECS starts the task, and role that the program has; from `task-roles`."
  type = object({
    execution_role_arn = string
    task_role_arn      = string
  })
  nullable = false

  validation {
    condition     = var.roles.execution_role_arn != var.roles.task_role_arn
    error_message = "roles: execution_role_arn and task_role_arn are the same role (${var.roles.execution_role_arn}); the program would have what only ECS needs, every secret included. Make two, as task-roles does."
  }
}

variable "service" {
  description = <<-EOT
    How the service runs; null: a task definition only, to be run as a task (a migration).
    - `scaling`: between `min` and `max` tasks; with equal numbers the size is fixed. Between them, CPU and memory (percent, average of the service) are held at their targets, and `requests_per_target` holds requests a task and minute of one entry of `load_balancer`.
    - `load_balancer`: target groups that its tasks join, by name; `container` and `port` are those of `containers`.
    - `health_check_grace_period_seconds`: time after a task's start in which the load balancer's verdict does not count.
    - `minimum_healthy_percent`, `maximum_percent`: how many of the wanted tasks run at least and at most during a deployment.
    - `deployment_alarm_names`: alarms that roll a deployment back.
    - `enable_exec`: let `aws ecs execute-command` open a shell. The cluster and the task role must be prepared for it.
    - `capacity_providers`: where the tasks run; see `ecs-cluster`.
  EOT
  type = object({
    scaling = object({
      min                   = number
      max                   = number
      cpu_target_percent    = optional(number, 60)
      memory_target_percent = optional(number)
      requests_per_target = optional(object({
        requests                 = number
        load_balancer            = string
        load_balancer_arn_suffix = string
      }))
    })
    load_balancer = optional(map(object({
      target_group_arn = string
      container        = string
      port             = number
    })), {})
    health_check_grace_period_seconds = optional(number, 60)
    minimum_healthy_percent           = optional(number, 100)
    maximum_percent                   = optional(number, 200)
    deployment_alarm_names            = optional(set(string), [])
    enable_exec                       = optional(bool, false)
    capacity_providers = optional(map(object({
      base   = optional(number, 0)
      weight = number
    })), { FARGATE = { weight = 1 } })
  })
  default = null

  validation {
    condition     = var.service == null ? true : var.service.scaling.min >= 1 && var.service.scaling.max >= var.service.scaling.min && floor(var.service.scaling.min) == var.service.scaling.min && floor(var.service.scaling.max) == var.service.scaling.max
    error_message = "service: scaling wants whole numbers with 1 <= min <= max; it has min ${try(var.service.scaling.min, "")} and max ${try(var.service.scaling.max, "")}."
  }

  validation {
    condition     = var.service == null ? true : alltrue([for target in [var.service.scaling.cpu_target_percent, var.service.scaling.memory_target_percent] : target == null ? true : target >= 10 && target <= 90])
    error_message = "service: scaling wants cpu_target_percent and memory_target_percent from 10 to 90: below, it never scales in; above, it scales out too late."
  }

  # AWS refuses to start a task before it has stopped one otherwise, and then cannot move tasks between zones.
  validation {
    condition     = var.service == null ? true : var.service.maximum_percent > 100 && var.service.maximum_percent <= 400 && var.service.minimum_healthy_percent >= 0 && var.service.minimum_healthy_percent <= 100
    error_message = "service: maximum_percent is ${try(var.service.maximum_percent, "")} and minimum_healthy_percent ${try(var.service.minimum_healthy_percent, "")}: give more than 100 (to 400) and 0 to 100. Rebalancing between zones starts a task before it stops one, so 100 is not enough."
  }

  validation {
    condition     = var.service == null ? true : length(var.service.load_balancer) <= 5
    error_message = "service: load_balancer has ${try(length(var.service.load_balancer), "")} target groups (${try(join(", ", keys(var.service.load_balancer)), "")}): ECS accepts five for a service."
  }

  validation {
    condition = var.service == null ? true : (
      length(var.service.capacity_providers) > 0 &&
      length(setsubtract(keys(var.service.capacity_providers), ["FARGATE", "FARGATE_SPOT"])) == 0 &&
      length([for provider in values(var.service.capacity_providers) : provider if provider.base > 0]) <= 1 &&
      anytrue([for provider in values(var.service.capacity_providers) : provider.weight > 0])
    )
    error_message = "service: capacity_providers is ${try(jsonencode(var.service.capacity_providers), "")}: give FARGATE, FARGATE_SPOT or both, at most one with a base, and one weight above 0."
  }
}

variable "subnet_ids" {
  description = "Private subnets by zone letter. Tasks get no public address."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "subnet_ids is empty: the tasks need at least one private subnet."
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
