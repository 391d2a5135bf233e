# Production: third parties register and load models here. Everything that protects data or keeps the service up is on.

environment = "production"
account_id  = "123456789012"
domain      = "hokus.ai"

# Nothing is lost by a mistake: buckets, database and load balancers refuse to be destroyed, and every role carries the
# boundary of the delivery.
deletion_protection  = true
permissions_boundary = true

# A year of logs for security questions; access logs likewise.
log_retention_days        = 365
access_log_retention_days = 365
container_insights        = "enhanced"
alarm_emails              = ["oncall@hokus.ai"]

# No task reaches the internet: AWS is reached through endpoints, everything else is in the network.
network = {
  cidr = "10.30.0.0/16"
  zones = {
    a = { public_cidr = "10.30.0.0/24", private_cidr = "10.30.16.0/20" }
    b = { public_cidr = "10.30.1.0/24", private_cidr = "10.30.32.0/20" }
    c = { public_cidr = "10.30.2.0/24", private_cidr = "10.30.48.0/20" }
  }
  nat                 = "none"
  interface_endpoints = ["ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "ssm"]
}

# An attack on one host name must not take the other down.
edge = { topology = "dedicated" }

# The gateway moves artifacts through memory, 60 MiB a process at most for all transfers together; encryption wants CPU. What
# goes through MLflow is spooled to disk, so its tasks have room for several models of tens of GiB at once, also while the
# gateway's lane is used: changing the lane must not need larger tasks.
sizes = {
  gateway = {
    cpu     = 2048
    memory  = 4096
    scaling = { min = 3, max = 12, cpu_target_percent = 60 }
  }
  mlflow = {
    cpu                   = 2048
    memory                = 8192
    ephemeral_storage_gib = 100
    scaling               = { min = 3, max = 9, cpu_target_percent = 60, memory_target_percent = 75 }
  }
  mlflow-migration = { cpu = 512, memory = 2048 }
  auth = {
    cpu     = 512
    memory  = 1024
    scaling = { min = 3, max = 6, cpu_target_percent = 60 }
  }
}

# A second instance in another zone takes over by itself; 35 days of backups is what RDS offers at most.
database = {
  engine_version              = "16.9"
  instance_class              = "db.m7g.large"
  allocated_storage_gib       = 100
  max_allocated_storage_gib   = 1000
  max_connections             = 901
  multi_az                    = true
  backup_retention_days       = 35
  final_snapshot              = true
  monitoring_interval_seconds = 60
}
