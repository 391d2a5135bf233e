locals {
  _family = "hokusai-${var.name}-${var.environment}"
}

# Terraform alone makes revisions: image, settings and size change here, in a plan that somebody has read.
resource "aws_ecs_task_definition" "this" {
  family                   = local._family
  container_definitions    = jsonencode(local._container_definitions)
  cpu                      = var.cpu
  memory                   = var.memory
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = var.roles.execution_role_arn
  task_role_arn            = var.roles.task_role_arn
  skip_destroy             = var.keep_revisions
  tags                     = var.tags

  ephemeral_storage {
    size_in_gib = var.ephemeral_storage_gib
  }

  runtime_platform {
    cpu_architecture        = var.cpu_architecture
    operating_system_family = "LINUX"
  }

  dynamic "volume" {
    for_each = local._volumes

    content {
      name = volume.value
    }
  }

  # Rules between inputs, where what is wrong has to be collected first. No message repeats a value of the environment.
  lifecycle {
    precondition {
      condition     = length(local._plain_secrets) == 0
      error_message = "What looks like a secret stands in plain sight in the task definition: ${join("; ", local._plain_secrets)}. Put the value into an SSM parameter or a Secrets Manager secret and name its ARN under `secrets`. (The value is not shown.)"
    }

    precondition {
      condition = length(local._unregistered_names) == 0
      error_message = join(" ", concat(
        [for call in local._unregistered_names : "Container \"${call.container}\": ${call.where} calls ${call.host}, but no service is registered under that name, so it resolves to nothing."],
        ["Add it to `services` of service-discovery and give its ecs-service `discovery`. Registered are: ${length(var.registered_hostnames) == 0 ? "none" : join(", ", sort(var.registered_hostnames))}."],
      ))
    }

    precondition {
      condition     = sum(concat([0], [for container in values(var.containers) : container.cpu if container.cpu != null])) <= var.cpu
      error_message = "The containers' cpu (${join(", ", [for name, container in var.containers : "${name}: ${container.cpu}" if container.cpu != null])}) is more than the task's ${var.cpu} units."
    }

    precondition {
      condition     = sum(concat([0], [for container in values(var.containers) : container.memory if container.memory != null])) <= var.memory
      error_message = "The containers' memory (${join(", ", [for name, container in var.containers : "${name}: ${container.memory}" if container.memory != null])}) is more than the task's ${var.memory} MiB."
    }

    precondition {
      condition     = length(local._unchecked_containers) == 0
      error_message = "Containers ${join(", ", [for name in local._unchecked_containers : "\"${name}\""])} of service \"${var.name}\" take requests but have no health_check: ECS would call a task healthy that answers nothing, and service discovery would hand out its address. Give each a health_check."
    }

    precondition {
      condition     = var.discovery == null ? true : contains(var.registered_hostnames, var.discovery.hostname)
      error_message = "discovery.hostname is ${try(var.discovery.hostname, "")}, which is not among registered_hostnames (${join(", ", sort(var.registered_hostnames))}): take both from one service-discovery."
    }

    precondition {
      condition     = !(var.discovery != null && var.service == null)
      error_message = "discovery is set, but service is null: \"${var.name}\" is run as a task, and only the tasks of a service are registered. Set service, or remove discovery."
    }

    precondition {
      condition     = length(local._unknown_targets) == 0
      error_message = "service: load_balancer sends requests where nothing listens: ${join("; ", local._unknown_targets)}. The containers listen on ${join(", ", [for name, container in var.containers : "\"${name}\" port ${container.port}" if container.port != null])}."
    }

    precondition {
      condition     = local._requests_per_target == null ? true : contains(keys(var.service.load_balancer), local._requests_per_target.load_balancer)
      error_message = "service: scaling.requests_per_target counts the requests of load_balancer \"${try(local._requests_per_target.load_balancer, "")}\", which is not one of ${try(jsonencode(keys(var.service.load_balancer)), "[]")}."
    }
  }
}

locals {
  _unchecked_containers = var.service == null ? [] : [
    for name, container in var.containers : name if container.essential && container.port != null && container.health_check == null
  ]

  _unknown_targets = var.service == null ? [] : [
    for name, target in var.service.load_balancer : "\"${name}\" to container \"${target.container}\", port ${target.port}"
    if try(var.containers[target.container].port, null) != target.port
  ]
}
