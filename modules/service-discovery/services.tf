resource "aws_service_discovery_service" "this" {
  for_each = var.services

  name        = each.key
  description = "Tasks of ${each.key} in ${var.environment}, registered by ECS"
  tags        = var.tags

  # What is registered are addresses of running tasks, no data. ECS takes them out some time after a service is gone,
  # and until then Cloud Map would refuse to delete the name.
  force_destroy = true

  dns_config {
    namespace_id = aws_service_discovery_private_dns_namespace.this.id

    # Up to eight healthy addresses in each answer, so that a client has a second one to try; WEIGHTED would give one.
    routing_policy = "MULTIVALUE"

    # A records: tasks in awsvpc mode have an address each, and every service has a port that is fixed.
    dns_records {
      type = "A"
      ttl  = each.value.ttl_seconds
    }
  }

  # ECS reports the container health check here; without this block an unhealthy task stays in the answers. The argument is
  # deprecated in provider 6.x because AWS accepts no value but 1, and still must be written: the provider sends nothing for
  # an empty block and then plans a replacement for ever (hashicorp/terraform-provider-aws#44285).
  health_check_custom_config {
    failure_threshold = 1
  }
}
