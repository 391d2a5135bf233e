data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  _account_id = data.aws_caller_identity.current.account_id
  _partition  = data.aws_partition.current.partition
  _region     = data.aws_region.current.id

  # An instance keeps for life what it was made with: one that is older than this module may have other names and another key.
  _database_name    = var.inherited == null ? "mlflow" : var.inherited.database_name
  _master_username  = var.inherited == null ? "hokusai_admin" : var.inherited.master_username
  _application_user = var.inherited == null ? "mlflow" : var.inherited.application_user

  _port           = 5432
  _identifier     = "hokusai-mlflow-${var.environment}"
  _arn            = "arn:${local._partition}:rds:${local._region}:${local._account_id}:db:${local._identifier}"
  _major_version  = split(".", var.engine_version)[0]
  _final_snapshot = coalesce(var.final_snapshot, var.deletion_protection)
}

resource "aws_db_subnet_group" "this" {
  name        = local._identifier
  description = "Private subnets of the MLflow database"
  subnet_ids  = values(var.subnet_ids)

  tags = merge(var.tags, { Name = local._identifier })
}

resource "aws_db_instance" "this" {
  identifier     = local._identifier
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class
  db_name        = local._database_name
  port           = local._port

  # AWS makes the master password, keeps it in Secrets Manager under the module's key and rotates it every seven days.
  # No service uses it: the migration task does, to give the application user its own.
  username                      = local._master_username
  manage_master_user_password   = true
  master_user_secret_kms_key_id = aws_kms_key.this.arn

  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.inherited == null ? aws_kms_key.this.arn : var.inherited.kms_key_arn
  allocated_storage     = var.allocated_storage_gib
  max_allocated_storage = var.max_allocated_storage_gib

  multi_az               = var.multi_az
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  ca_cert_identifier     = "rds-ca-rsa2048-g1"
  parameter_group_name   = aws_db_parameter_group.this.name

  backup_retention_period   = var.backup_retention_days
  backup_window             = "03:00-04:00"         # UTC, ends before the maintenance window, as RDS demands
  maintenance_window        = "sun:04:30-sun:05:30" # UTC
  copy_tags_to_snapshot     = true
  delete_automated_backups  = !local._final_snapshot
  skip_final_snapshot       = !local._final_snapshot
  final_snapshot_identifier = local._final_snapshot ? "${local._identifier}-final" : null
  deletion_protection       = var.deletion_protection
  apply_immediately         = var.apply_immediately

  # With a pinned minor ("16.9") the pin decides; an upgrade behind its back would make each later plan a downgrade.
  auto_minor_version_upgrade = !strcontains(var.engine_version, ".")
  # A major upgrade is a change of engine_version, reviewed like any other; without this its plan would pass and its apply fail.
  allow_major_version_upgrade = true

  enabled_cloudwatch_logs_exports = keys(local._log_groups)

  performance_insights_enabled          = var.performance_insights
  performance_insights_kms_key_id       = var.performance_insights ? aws_kms_key.this.arn : null
  performance_insights_retention_period = var.performance_insights ? 7 : null # days; 7 is the free tier

  monitoring_interval = var.monitoring_interval_seconds
  monitoring_role_arn = one(aws_iam_role.monitoring[*].arn)

  tags = merge(var.tags, { Name = local._identifier })

  # RDS creates a missing log group without retention and without key; the permission must be there before the first sample.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.monitoring]
}
