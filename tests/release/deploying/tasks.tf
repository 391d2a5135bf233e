# The platform's tasks as environments/stack has them: by the same addresses, from the same variables.
variable "sizes" {
  type = map(object({ cpu = number, memory = number, environment = optional(map(string), {}) }))
}

variable "artifact_lane" {
  type = string
}

resource "aws_ecs_cluster" "this" {
  name = "hokusai-${var.environment}"
}

resource "aws_subnet" "private" {
  for_each = { a = "172.31.96.0/24", b = "172.31.97.0/24" }

  vpc_id     = data.aws_vpc.default.id
  cidr_block = each.value
}

module "task" {
  source   = "../../modules/task"
  for_each = { gateway = "gateway", mlflow = "mlflow", mlflow-migration = "mlflow", auth = "auth" }

  name        = each.key
  environment = var.environment
  image       = var.images[each.value]
  cpu         = var.sizes[each.key].cpu
  memory      = var.sizes[each.key].memory
  cluster     = aws_ecs_cluster.this.arn
  subnets     = [for subnet in aws_subnet.private : subnet.id]
  vpc_id      = data.aws_vpc.default.id
  runs_always = each.key != "mlflow-migration"

  settings = merge(var.sizes[each.key].environment, {
    ENVIRONMENT   = var.environment
    HOST          = "${each.key}.${var.domain}"
    ARTIFACT_LANE = var.artifact_lane
  })
}

output "cluster_name" {
  description = "ECS cluster."
  value       = aws_ecs_cluster.this.name
}
