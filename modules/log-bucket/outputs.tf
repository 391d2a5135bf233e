output "bucket_arn" {
  description = "ARN of the bucket, known at plan."
  value       = module.bucket.bucket_arn
}

output "bucket_name" {
  description = "Name of the bucket, known at plan. Whoever refers to it comes after the policy that allows delivery: a load balancer tries to write when its logs are switched on, and fails otherwise."
  value       = module.bucket.bucket_name
}
