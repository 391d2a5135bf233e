# Without rules, so closed both ways: `connections` opens exactly what its table says.
resource "aws_security_group" "this" {
  name        = "hokusai-database-${var.environment}"
  description = "MLflow database"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "hokusai-database-${var.environment}" })
}
