# A task in the shape of modules/ecs-service.
variable "name" {
  type = string
}

variable "environment" {
  type = string
}

variable "image" {
  type = string
}

variable "cpu" {
  type = number
}

variable "memory" {
  type = number
}

variable "settings" {
  type = map(string)
}

variable "cluster" {
  type = string
}

variable "subnets" {
  type = list(string)
}

variable "vpc_id" {
  type = string
}

variable "runs_always" {
  type = bool
}

resource "aws_security_group" "this" {
  name   = "hokusai-task-${var.name}"
  vpc_id = var.vpc_id
}

resource "aws_ecs_task_definition" "this" {
  family                   = "hokusai-${var.name}-${var.environment}"
  cpu                      = var.cpu
  memory                   = var.memory
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]

  container_definitions = jsonencode([{
    name         = var.name
    image        = var.image
    essential    = true
    environment  = [for name, text in var.settings : { name = name, value = text }]
    portMappings = []
    mountPoints  = []
    volumesFrom  = []
    systemControls = []
  }])
}

resource "aws_ecs_service" "this" {
  count = var.runs_always ? 1 : 0

  name            = "hokusai-${var.name}"
  cluster         = var.cluster
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = 2
  launch_type     = "FARGATE"

  network_configuration {
    subnets         = var.subnets
    security_groups = [aws_security_group.this.id]
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
}
