output "application_user" {
  description = "Database user of the MLflow server. The migration task creates it and gives it the password of `parameter_arns[\"mlflow-password\"]`."
  value       = local._application_user
}

output "arn" {
  description = "ARN of the instance, built from its name: known at plan. AWS puts it on the master secret as tag `aws:rds:primaryDBInstanceArn`, which is how a policy pins that secret."
  value       = local._arn
}

output "database_name" {
  description = "Database of the MLflow backend store."
  value       = local._database_name
}

output "identifier" {
  description = "Identifier of the instance: dimension of its metrics."
  value       = aws_db_instance.this.identifier
}

output "key_alias" {
  description = "Alias of the key that encrypts storage, the master secret and the password parameter; policies name the key by it."
  value       = aws_kms_alias.this.name
}

output "master_secret_arn_pattern" {
  description = "Pattern of the master secret's ARN. AWS chooses the rest, so a policy must also demand the tag `aws:rds:primaryDBInstanceArn` = `arn`."
  value       = "arn:${local._partition}:secretsmanager:${local._region}:${local._account_id}:secret:rds!db-*"
}

# The names are known at plan, and through the resources whoever uses an ARN still waits for its parameter.
output "parameter_arns" {
  description = "ARNs of the parameters that tasks read, by short name (`host`, `mlflow-password`, `master-secret-arn`); known at plan."
  value = {
    for key, parameter in {
      host              = aws_ssm_parameter.host
      mlflow-password   = aws_ssm_parameter.application_password
      master-secret-arn = aws_ssm_parameter.master_secret_arn
    } : key => "arn:${local._partition}:ssm:${local._region}:${local._account_id}:parameter${parameter.name}"
  }
}

output "port" {
  description = "Port of the database."
  value       = local._port
}

output "security_group_id" {
  description = "Security group of the instance, without rules: `connections` makes them."
  value       = aws_security_group.this.id
}
