module "database" {
  source = "../../modules/database"

  environment                 = var.environment
  vpc_id                      = module.network.vpc_id
  subnet_ids                  = module.network.private_subnet_ids
  engine_version              = var.database.engine_version
  instance_class              = var.database.instance_class
  allocated_storage_gib       = var.database.allocated_storage_gib
  max_allocated_storage_gib   = var.database.max_allocated_storage_gib
  multi_az                    = var.database.multi_az
  backup_retention_days       = var.database.backup_retention_days
  performance_insights        = var.database.performance_insights
  monitoring_interval_seconds = var.database.monitoring_interval_seconds
  deletion_protection         = var.deletion_protection
  final_snapshot              = var.database.final_snapshot
  inherited                   = var.database.inherited
  log_retention_days          = var.log_retention_days
  log_kms_key_arn             = module.observability.log_key_arn

  permissions_boundary_arn = local.permissions_boundary_arn
}
