locals {
  _name = "hokusai-${var.name}-${var.environment}"
}

resource "aws_lb" "this" {
  name               = local._name
  load_balancer_type = "application"
  internal           = false
  ip_address_type    = "ipv4"
  security_groups    = [aws_security_group.this.id]
  subnets            = values(var.subnet_ids)

  # Requests that parsers read in two ways are where one client's request becomes part of another's.
  desync_mitigation_mode     = "defensive"
  drop_invalid_header_fields = true

  enable_deletion_protection = var.deletion_protection
  idle_timeout               = var.idle_timeout_seconds

  access_logs {
    bucket  = var.access_logs.bucket_name
    enabled = true
    prefix  = var.access_logs.prefix
  }

  tags = merge(var.tags, { Name = local._name })

  lifecycle {
    precondition {
      condition     = length(local._name) <= 32
      error_message = "name: the load balancer would be called \"${local._name}\", which has ${length(local._name)} characters; AWS allows 32. Shorten name (\"${var.name}\") or environment (\"${var.environment}\")."
    }
  }
}

# Rules are made by module `connections`, which sees both ends of each connection.
resource "aws_security_group" "this" {
  name        = "hokusai-alb-${var.name}-${var.environment}"
  description = "Load balancer ${local._name}"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "hokusai-alb-${var.name}-${var.environment}" })
}
