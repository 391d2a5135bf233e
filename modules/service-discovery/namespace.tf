# Names of the running system stay: clients inside the VPC know hokusai-<environment>.local.
resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = "hokusai-${var.environment}.local"
  description = "Services of ${var.environment}"
  vpc         = var.vpc_id
  tags        = var.tags
}
