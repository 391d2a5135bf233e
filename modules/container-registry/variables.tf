variable "deletion_protection" {
  description = "Refuse at plan to destroy or replace a repository, and keep ECR from deleting one that holds images. Off only where losing every image is acceptable."
  type        = bool
  default     = true
  nullable    = false
}

variable "key_deletion_window_days" {
  description = "Days between asking KMS to delete the images' key and its loss, in which the deletion can be taken back. Without the key no image can be pulled any more."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.key_deletion_window_days >= 7 && var.key_deletion_window_days <= 30 && floor(var.key_deletion_window_days) == var.key_deletion_window_days
    error_message = "key_deletion_window_days is ${var.key_deletion_window_days}: KMS accepts whole days from 7 to 30."
  }
}

variable "repositories" {
  description = <<-EOT
    Repositories by short name; the repository is called `hokusai/<key>`.
    - `keep_images`: how many images stay, the newest ones. A deployment or a rollback can only name an image that is still there, so keep more than the releases that might be returned to.
    - `untagged_days`: days after which an image without a tag goes. Tags are immutable, so only pushes by digest and platform images of a deleted index have none.
  EOT
  type = map(object({
    keep_images   = optional(number, 50)
    untagged_days = optional(number, 14)
  }))
  nullable = false

  validation {
    condition     = length(var.repositories) > 0
    error_message = "repositories is empty: name at least one repository, e.g. { gateway = {} }."
  }

  validation {
    condition     = alltrue([for name in keys(var.repositories) : can(regex("^[a-z0-9]+([._-][a-z0-9]+)*$", name))])
    error_message = "repositories has names that ECR does not accept: ${join(", ", [for name in keys(var.repositories) : "\"${name}\"" if !can(regex("^[a-z0-9]+([._-][a-z0-9]+)*$", name))])}. Use lower-case letters and digits, with single dots, hyphens or underscores between them."
  }

  validation {
    condition     = alltrue([for repository in values(var.repositories) : repository.keep_images >= 10 && floor(repository.keep_images) == repository.keep_images])
    error_message = "repositories: keep_images must be a whole number of at least 10, or a rollback finds its image expired; change it in ${join(", ", [for name, repository in var.repositories : "\"${name}\" (${repository.keep_images})" if repository.keep_images < 10 || floor(repository.keep_images) != repository.keep_images])}."
  }

  validation {
    condition     = alltrue([for repository in values(var.repositories) : repository.untagged_days >= 1 && floor(repository.untagged_days) == repository.untagged_days])
    error_message = "repositories: untagged_days must be a whole number of at least 1; change it in ${join(", ", [for name, repository in var.repositories : "\"${name}\" (${repository.untagged_days})" if repository.untagged_days < 1 || floor(repository.untagged_days) != repository.untagged_days])}."
  }
}

variable "tags" {
  description = "Tags of every resource of the module, over the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
