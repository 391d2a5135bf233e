# A stack in the shape of the real one, of resources that take the provider no time: named ones, ones whose id AWS makes up, ones that
# refer to others, and a variable of images. `generation` is the change: it creates, updates, replaces and destroys.
data "aws_vpc" "default" {
  default = true
}

resource "aws_ssm_parameter" "setting" {
  for_each = toset(var.generation == 1 ? ["a", "b", "c", "old"] : ["a", "b", "c", "new", "newer"])

  name  = "/hokusai/${var.environment}/${each.key}"
  type  = "String"
  value = each.key == "a" ? "same" : "generation ${var.generation}"
}

resource "aws_cloudwatch_log_group" "service" {
  for_each = toset(var.generation == 1 ? ["gateway"] : ["gateway", "mlflow"])

  name              = "/ecs/hokusai/${each.key}/${var.environment}"
  retention_in_days = var.generation == 1 ? 7 : 14
}

# Another name is another group: it is replaced.
resource "aws_security_group" "service" {
  for_each = toset(["gateway", "mlflow"])

  name        = "hokusai-${each.key}-${var.generation}"
  description = "Service ${each.key}"
  vpc_id      = data.aws_vpc.default.id
  tags        = { Name = "hokusai-${each.key}-${var.generation}" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "mlflow" {
  security_group_id            = aws_security_group.service["mlflow"].id
  referenced_security_group_id = aws_security_group.service["gateway"].id
  ip_protocol                  = "tcp"
  from_port                    = 5000
  to_port                      = 5000
  description                  = "The gateway"
}

resource "aws_iam_role" "task" {
  name = "hokusai-task-${var.environment}-${var.generation}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "task" {
  name = "parameters"
  role = aws_iam_role.task.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "ssm:GetParameter", Resource = aws_ssm_parameter.setting["a"].arn }]
  })
}

resource "aws_sns_topic" "alarms" {
  count = var.generation

  name = "hokusai-alarms-${count.index}-${var.environment}"
}

resource "terraform_data" "release" {
  input = var.images
}
