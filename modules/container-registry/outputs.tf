output "key_alias" {
  description = "Alias of the key that encrypts the images."
  value       = aws_kms_alias.this.name
}

output "repository_arns" {
  description = "ARN by repository key, built from the name: known at plan, so that policies which name it can be reviewed."
  value = {
    for key, repository in aws_ecr_repository.this :
    key => "arn:${local._partition}:ecr:${local._region}:${local._account_id}:repository/${repository.name}"
  }
}

output "repository_urls" {
  description = "What `docker push` and a task definition's image start with, by repository key. Built from the name, so that container definitions are known at plan."
  value = {
    for key, repository in aws_ecr_repository.this :
    key => "${local._account_id}.dkr.ecr.${local._region}.${data.aws_partition.current.dns_suffix}/${repository.name}"
  }
}
