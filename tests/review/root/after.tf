removed {
  from = aws_s3_bucket.forgotten
  lifecycle {
    destroy = false
  }
}

resource "aws_s3_bucket" "created" {
  bucket_prefix = "review-created-"
}

resource "aws_ssm_parameter" "updated" {
  name  = "/review/updated"
  type  = "SecureString"
  value = "second ${var.secret}"
}

resource "aws_ssm_parameter" "replaced" {
  name  = "/review/replaced-2"
  type  = "String"
  value = aws_ssm_parameter.source.insecure_value
}

resource "aws_iam_role" "replaced" {
  name               = "review-replaced-2"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  lifecycle {
    create_before_destroy = true
  }
}

moved {
  from = aws_ssm_parameter.old
  to   = aws_ssm_parameter.new
}

resource "aws_ssm_parameter" "new" {
  name  = "/review/moved"
  type  = "String"
  value = "x"
}

import {
  to = aws_ssm_parameter.imported
  id = "/review/imported"
}

resource "aws_ssm_parameter" "imported" {
  name  = "/review/imported"
  type  = "String"
  value = "made by hand"
}

resource "aws_iam_role" "tagged" {
  name               = "review-tagged"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  tags               = { "a b" = "new" }
}

resource "aws_iam_role_policy" "app" {
  name = "app"
  role = aws_iam_role.tagged.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "New", Effect = "Allow", Action = "kms:Decrypt", Resource = "*", Condition = { StringEquals = { "aws:RequestedRegion" = "us-east-1" } } },
      { Sid = "Read", Effect = "Allow", Action = ["s3:ListBucket", "s3:GetObject", "s3:PutObject"], Resource = "arn:aws:s3:::review/*" },
    ]
  })
}

resource "aws_iam_role_policy" "unknown" {
  name = "unknown"
  role = aws_iam_role.tagged.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:*", Resource = aws_s3_bucket.created.arn }]
  })
}

resource "aws_ecs_task_definition" "app" {
  family = "review"
  container_definitions = jsonencode([{
    name   = "app"
    image  = "app:2"
    memory = 128
    environment = [
      { name = "DB_PASSWORD", value = "plain text password" },
      { name = "NEW", value = "new" },
      { name = "PLAIN", value = "two" },
    ]
  }])
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/review"
  retention_in_days = 30
}

module "storage" {
  source = "./modules/storage"
  suffix = "2"
}

module "app" {
  source   = "./modules/app"
  for_each = toset(["one"])
  location = local.location
}

module "aside" {
  source = "./modules/storage"
  suffix = "aside"
}

locals {
  location = "at ${module.storage.parameter}"
}
