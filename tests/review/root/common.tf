# What stands in both versions. Upper-case words are replaced by plans.py.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"
  default_tags {
    tags = { Project = "review" }
  }
}

variable "secret" {
  type      = string
  sensitive = true
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

# The computed output of a sensitive input carries no mark in what Terraform prints.
resource "terraform_data" "leak" {
  input = var.secret
}

# Its old object cannot be deleted while there is something in it, so a replacement leaves it behind as deposed.
resource "aws_s3_bucket" "deposed" {
  bucket = "review-deposed-1"
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_iam_role" "drifted" {
  name               = "review-drifted"
  description        = "as planned"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_ssm_parameter" "unused" {
  name  = "/review/unused"
  type  = "String"
  value = "unused as planned"
  lifecycle { # changed by hand, and no change of the plan depends on it: drift elsewhere
    ignore_changes = [value, version]
  }
}

resource "aws_ssm_parameter" "source" {
  name           = "/review/source"
  type           = "String"
  insecure_value = "source as planned"
  lifecycle { # changed by hand, and others read it: drift that matters
    ignore_changes = [value, insecure_value]
  }
}

output "spoken" {
  value = "spoken-1"
}

output "secret" {
  value     = var.secret
  sensitive = true
}

check "health" {
  assert {
    condition     = aws_iam_role.drifted.name == "something else"
    error_message = "The role has another name than the check wants; the secret is not named here."
  }
}
