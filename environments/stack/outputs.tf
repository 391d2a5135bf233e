output "artifact_bucket" {
  description = "Bucket of the model artifacts."
  value       = module.artifact_bucket.bucket_name
}

output "cluster_name" {
  description = "ECS cluster."
  value       = module.cluster.name
}

output "hosts" {
  description = "Public host names."
  value       = local.hosts
}

output "listener_rules" {
  description = "What the edge forwards where, by name."
  value       = local.listener_rules
}

output "migration_task_definition" {
  description = "Task definition that creates or upgrades MLflow's schema."
  value       = module.task["mlflow-migration"].task_definition_arn
}

output "namespace" {
  description = "Private DNS namespace in which services find each other."
  value       = module.service_discovery.namespace_name
}

output "tracking_uri" {
  description = "What a client sets as MLFLOW_TRACKING_URI."
  value       = "https://${local.hosts.registry}/api/mlflow"
}
