variable "account_id" {
  type = string
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
