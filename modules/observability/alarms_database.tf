locals {
  _database_dimensions = var.database == null ? tomap({}) : tomap({ DBInstanceIdentifier = var.database.identifier })

  _database_alarms = var.database == null ? {} : merge(
    {
      database-cpu = {
        description    = "The database used more than 80 % of its CPU for a quarter of an hour, or reports nothing. Performance Insights shows the statements."
        namespace      = "AWS/RDS"
        metric         = "CPUUtilization"
        dimensions     = local._database_dimensions
        statistic      = "Average"
        comparison     = "GreaterThanThreshold"
        threshold      = 80
        period_seconds = 300
        periods        = 3
        # An instance that publishes nothing is stopped, failed or gone. This alarm is the one that says so.
        missing = "breaching"
      }

      database-storage = {
        description    = "Less than a tenth of the database's storage has been free for half an hour: growing by itself did not help, is at its maximum, or waits for the six hours between two growths."
        namespace      = "AWS/RDS"
        metric         = "FreeStorageSpace"
        dimensions     = local._database_dimensions
        statistic      = "Minimum"
        comparison     = "LessThanThreshold"
        threshold      = floor(var.database.allocated_storage_gib * 1024 * 1024 * 1024 / 10) # bytes
        period_seconds = 300
        periods        = 6
        # An instance that stops because its disk is full stops reporting: that must not end the alarm, nor begin one.
        missing = "ignore"
      }

      database-transaction-ids = {
        description    = "A database has not been vacuumed for a thousand million transactions. At two thousand million PostgreSQL stops to write; look for what keeps autovacuum from finishing."
        namespace      = "AWS/RDS"
        metric         = "MaximumUsedTransactionIDs"
        dimensions     = local._database_dimensions
        statistic      = "Maximum"
        comparison     = "GreaterThanOrEqualToThreshold"
        threshold      = 1000000000
        period_seconds = 300
        periods        = 3
        # The figure moves over weeks: a gap changes nothing.
        missing = "ignore"
      }
    },
    var.database.max_connections == null ? {} : {
      database-connections = {
        description    = "More than 80 % of the ${var.database.max_connections} connections of the database were open for a quarter of an hour; the next ones will be refused."
        namespace      = "AWS/RDS"
        metric         = "DatabaseConnections"
        dimensions     = local._database_dimensions
        statistic      = "Maximum"
        comparison     = "GreaterThanThreshold"
        threshold      = floor(var.database.max_connections * 0.8)
        period_seconds = 300
        periods        = 3
        # An instance that publishes nothing is reported by the CPU alarm.
        missing = "notBreaching"
      }
    },
  )
}
