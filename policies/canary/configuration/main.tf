# Known to be bad: every run of the scan must find each of these, or it has not worked. Nothing here is ever planned.
resource "aws_security_group" "canary" {
  name        = "canary"
  description = "SSH from everywhere: a check in Python (CKV_AWS_24)"

  ingress {
    description = "ssh"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

# No public access block: a check in YAML, which checkov runs in a graph (CKV2_AWS_6).
resource "aws_s3_bucket" "canary" {
  bucket = "canary"
}

# The checks of our own: one in Python (CKV_HOK_1), one in YAML (CKV2_HOK_1).
resource "terraform_data" "canary" {
  provisioner "local-exec" {
    command = "true"
  }
}

data "external" "canary" {
  program = ["true"]
}
