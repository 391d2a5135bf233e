# ECR itself refuses to delete a repository that holds images, but only in the middle of an apply. The guard moves the
# refusal into the plan: what destroys or replaces a repository or the key replaces its guard, and that is prevented.
# Single attributes trigger it: a reference to a whole resource would also fire when only a tag changes.
resource "terraform_data" "guard" {
  for_each = var.deletion_protection ? var.repositories : {}

  input = aws_ecr_repository.this[each.key].name

  lifecycle {
    prevent_destroy      = true
    replace_triggered_by = [aws_ecr_repository.this[each.key].id, aws_kms_key.this.id]
  }
}
