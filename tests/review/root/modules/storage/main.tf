variable "suffix" {
  type = string
}

resource "aws_ssm_parameter" "this" {
  name  = "/review/storage-${var.suffix == "aside" ? "aside" : "main"}"
  type  = "String"
  value = var.suffix
}

output "parameter" {
  value = aws_ssm_parameter.this.value
}
