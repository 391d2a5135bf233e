output "backend_config" {
  description = "What a root's backend.hcl says, besides its own `key`. There is no `encrypt`: it would make Terraform ask for AES256 in each request, and the bucket encrypts with its own KMS key and refuses requests that ask for anything."
  value = {
    bucket       = module.bucket.bucket_name
    region       = data.aws_region.current.id
    use_lockfile = true
  }
}

output "bucket_arn" {
  description = "ARN of the state bucket, known at plan."
  value       = module.bucket.bucket_arn
}

output "bucket_name" {
  description = "Name of the state bucket, known at plan."
  value       = module.bucket.bucket_name
}

output "key_alias" {
  description = "Alias of the KMS key, with \"alias/\", known at plan."
  value       = module.bucket.key_alias
}

output "key_arn" {
  description = "ARN of the KMS key that encrypts the states."
  value       = module.bucket.key_arn
}
