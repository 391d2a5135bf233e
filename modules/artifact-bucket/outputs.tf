output "bucket_arn" {
  description = "ARN of the bucket, known at plan."
  value       = module.bucket.bucket_arn
}

output "bucket_name" {
  description = "Name of the bucket, known at plan. Whoever refers to it comes after the bucket's policy."
  value       = module.bucket.bucket_name
}

output "key_alias" {
  description = "Alias of the KMS key, with \"alias/\", known at plan: what policies refer to."
  value       = module.bucket.key_alias
}

output "key_arn" {
  description = "ARN of the KMS key that encrypts the artifacts."
  value       = module.bucket.key_arn
}
