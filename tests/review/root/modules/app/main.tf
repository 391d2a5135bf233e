variable "location" {
  type = string
}

resource "terraform_data" "this" {
  input = var.location
}
