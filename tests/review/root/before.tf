resource "aws_s3_bucket" "deleted" {
  bucket = "review-deleted"
}

resource "aws_s3_bucket" "forgotten" {
  bucket = "review-forgotten"
}

resource "aws_ssm_parameter" "updated" {
  name  = "/review/updated"
  type  = "SecureString"
  value = "first ${var.secret}"
}

resource "aws_ssm_parameter" "replaced" {
  name  = "/review/replaced-1"
  type  = "String"
  value = "x"
}

resource "aws_iam_role" "replaced" {
  name               = "review-replaced-1"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_ssm_parameter" "old" {
  name  = "/review/moved"
  type  = "String"
  value = "x"
}

resource "aws_iam_role" "tagged" {
  name               = "review-tagged"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "app" {
  name = "app"
  role = aws_iam_role.tagged.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Read", Effect = "Allow", Action = ["s3:GetObject", "s3:ListBucket"], Resource = "arn:aws:s3:::review/*" },
      { Sid = "Gone", Effect = "Allow", Action = "sqs:SendMessage", Resource = "*" },
    ]
  })
}

resource "aws_ecs_task_definition" "app" {
  family = "review"
  container_definitions = jsonencode([{
    name   = "app"
    image  = "app:1"
    memory = 128
    environment = [
      { name = "PLAIN", value = "one" },
      { name = "GONE", value = "gone" },
      { name = "DB_PASSWORD", value = "plain text password" },
    ]
  }])
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/review"
  retention_in_days = 365
}

module "storage" {
  source = "./modules/storage"
  suffix = "1"
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
