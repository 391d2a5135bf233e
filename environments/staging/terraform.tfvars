# Staging: production's shape at a smaller size, so that what works here works there.

environment = "staging"
account_id  = "444455556666"
domain      = "staging.hokus.ai"

# Rehearsals need data that stays; taking it down on purpose is one word more.
deletion_protection  = true
permissions_boundary = true

log_retention_days        = 90
access_log_retention_days = 90
container_insights        = "enabled"
alarm_emails              = ["platform@hokus.ai"]

# The same way to AWS as production: a missing endpoint shows here first.
network = {
  cidr = "10.20.0.0/16"
  zones = {
    a = { public_cidr = "10.20.0.0/24", private_cidr = "10.20.16.0/20" }
    b = { public_cidr = "10.20.1.0/24", private_cidr = "10.20.32.0/20" }
  }
  nat                 = "none"
  interface_endpoints = ["ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "ssm"]
}

edge = { topology = "dedicated" }

sizes = {
  gateway = {
    cpu     = 1024
    memory  = 2048
    scaling = { min = 2, max = 4, cpu_target_percent = 60 }
  }
  mlflow = {
    cpu                   = 1024
    memory                = 4096
    ephemeral_storage_gib = 50
    scaling               = { min = 2, max = 4, cpu_target_percent = 60, memory_target_percent = 75 }
  }
  mlflow-migration = { cpu = 512, memory = 2048 }
  auth = {
    cpu     = 256
    memory  = 512
    scaling = { min = 2, max = 3, cpu_target_percent = 60 }
  }
}

database = {
  engine_version            = "16.9"
  instance_class            = "db.t4g.medium"
  allocated_storage_gib     = 50
  max_allocated_storage_gib = 200
  max_connections           = 450
  multi_az                  = false
  backup_retention_days     = 14
}
