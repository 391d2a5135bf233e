locals {
  _parameters = {
    # "pending-reboot" because the parameter is static in some families, and because AWS reports it so: "immediate" would
    # be refused by the former and show a change in every plan with the latter. An instance is born with it in force.
    "rds.force_ssl" = { value = "1", apply_method = "pending-reboot" }

    # Who connects, from where, for how long; what waits for locks; what takes more than a second.
    log_connections            = { value = "1", apply_method = "immediate" }
    log_disconnections         = { value = "1", apply_method = "immediate" }
    log_lock_waits             = { value = "1", apply_method = "immediate" }
    log_min_duration_statement = { value = "1000", apply_method = "immediate" } # milliseconds
    # Not "ddl": it would write `ALTER ROLE ... PASSWORD '...'` of the migration task to the log.
    log_statement = { value = "none", apply_method = "immediate" }
  }
}

# The major version is part of the name: a major upgrade makes the new group first, moves the instance, then removes the old one.
resource "aws_db_parameter_group" "this" {
  name        = "${local._identifier}-postgres${local._major_version}"
  family      = "postgres${local._major_version}"
  description = "TLS only, and logs that explain"

  dynamic "parameter" {
    for_each = local._parameters

    content {
      name         = parameter.key
      value        = parameter.value.value
      apply_method = parameter.value.apply_method
    }
  }

  tags = merge(var.tags, { Name = local._identifier })

  lifecycle {
    create_before_destroy = true
  }
}
