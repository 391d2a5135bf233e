output "bucket_arn" {
  description = "ARN of the bucket, known at plan."
  value       = local._bucket_arn
}

output "bucket_name" {
  description = "Name of the bucket, known at plan. Taken from the policy, the last of the guards: whoever refers to it comes after all of them, so nothing is ever put into a half-closed bucket, and log delivery is allowed before a load balancer tries it."
  value       = aws_s3_bucket_policy.this.bucket
}

output "key_alias" {
  description = "Alias of the key, with \"alias/\", known at plan; null with SSE-S3."
  value       = one(aws_kms_alias.this[*].name)
}

output "key_arn" {
  description = "ARN of the key; null with SSE-S3. KMS makes up its id, so policies go by key_alias."
  value       = one(aws_kms_key.this[*].arn)
}
