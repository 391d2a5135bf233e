# Parameter Store rather than Secrets Manager for what tasks read: the ARN of a parameter is its name, known at plan, so
# container definitions and role policies can be reviewed before anything exists. A secret's ARN ends in random characters,
# and ECS accepts no partial one.
locals {
  _parameter_prefix = "/hokusai/${var.environment}/database"
}

# Letters and digits only: a password in a database URL must need no quoting. 40 of them are 238 bits.
# A new one is drawn in every run, but value_wo is sent only when value_wo_version changes; neither plan nor state has it.
ephemeral "aws_secretsmanager_random_password" "application" {
  password_length     = 40
  exclude_punctuation = true
}

# The provider sends no value when anything but the version changes, and SSM refuses an update without one. So the key is
# named by its alias, which stays when the key is replaced; who changes the description raises value_wo_version with it.
resource "aws_ssm_parameter" "application_password" {
  name             = "${local._parameter_prefix}/mlflow-password"
  description      = "Password of the database user ${local._application_user}; the migration task gives it to that user"
  type             = "SecureString"
  key_id           = aws_kms_alias.this.name
  value_wo         = ephemeral.aws_secretsmanager_random_password.application.random_password
  value_wo_version = var.application_password_version

  tags = merge(var.tags, { Name = "${local._parameter_prefix}/mlflow-password" })
}

resource "aws_ssm_parameter" "host" {
  name           = "${local._parameter_prefix}/host"
  description    = "Host name of the MLflow database; changes when the instance is replaced"
  type           = "String"
  insecure_value = aws_db_instance.this.address # a plain attribute: as `value` a review would show it as sensitive

  tags = merge(var.tags, { Name = "${local._parameter_prefix}/host" })
}

# An instance that is taken over has no such secret while it is planned, and the provider does not say that one will be made.
# What is read after a change is known after it.
data "aws_db_instance" "inherited" {
  count = var.inherited == null ? 0 : 1

  db_instance_identifier = aws_db_instance.this.identifier

  depends_on = [aws_db_instance.this]
}

resource "aws_ssm_parameter" "master_secret_arn" {
  name        = "${local._parameter_prefix}/master-secret-arn"
  description = "ARN of the Secrets Manager secret in which AWS keeps and rotates the master password"
  type        = "String"
  insecure_value = (
    var.inherited == null
    ? aws_db_instance.this.master_user_secret[0].secret_arn
    : data.aws_db_instance.inherited[0].master_user_secret[0].secret_arn
  )

  tags = merge(var.tags, { Name = "${local._parameter_prefix}/master-secret-arn" })
}
