variable "account_id" {
  type = string
}

# Destroying says false; nothing here is protected.
variable "deletion_protection" {
  type    = bool
  default = true
}

variable "domain" {
  type = string
}

variable "environment" {
  type = string
}

variable "generation" {
  type    = number
  default = 1
}

variable "images" {
  type = map(string)
}

variable "region" {
  type = string
}
