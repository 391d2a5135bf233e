# Development: as small and cheap as it can be while every part is there. It may be torn down at any time.

environment = "development"
account_id  = "111122223333"
domain      = "development.hokus.ai"

deletion_protection  = false
permissions_boundary = true

log_retention_days        = 14
access_log_retention_days = 30
container_insights        = "disabled"

# A person may look into a running task here; sessions are recorded.
exec_enabled = true

# One NAT gateway costs less than six interface endpoints, and ECS Exec needs a way out.
network = {
  cidr = "10.10.0.0/16"
  zones = {
    a = { public_cidr = "10.10.0.0/24", private_cidr = "10.10.16.0/20" }
    b = { public_cidr = "10.10.1.0/24", private_cidr = "10.10.32.0/20" }
  }
  nat = "single"
}

# One load balancer for both hosts.
edge = { topology = "shared" }

# The first task is kept, the others may be taken back by AWS.
allow_spot = true
capacity_providers = {
  FARGATE      = { base = 1, weight = 0 }
  FARGATE_SPOT = { weight = 1 }
}

sizes = {
  gateway = {
    cpu     = 256
    memory  = 512
    scaling = { min = 1, max = 2 }
  }
  mlflow = {
    cpu     = 512
    memory  = 2048
    scaling = { min = 1, max = 2 }
  }
  mlflow-migration = { cpu = 512, memory = 2048 }
  auth = {
    cpu     = 256
    memory  = 512
    scaling = { min = 1, max = 1 }
  }
}

database = {
  engine_version            = "16.9"
  instance_class            = "db.t4g.micro"
  allocated_storage_gib     = 20
  max_allocated_storage_gib = 50
  max_connections           = 112
  multi_az                  = false
  backup_retention_days     = 3
}
