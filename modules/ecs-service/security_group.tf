# Without rules, so closed both ways: `connections` opens exactly what its table says.
resource "aws_security_group" "this" {
  name        = "hokusai-${var.name}-${var.environment}"
  description = "Tasks of ${var.name}"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "hokusai-${var.name}-${var.environment}" })
}
