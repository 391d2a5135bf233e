# RDS refuses to delete a protected instance too, but in the middle of an apply, and KMS refuses nothing. With the guard the
# plan is refused: what destroys or replaces the instance or its key replaces the guard, and that is prevented.
# Single attributes trigger it: a reference to a whole resource would also fire on every change in place.
resource "terraform_data" "guard" {
  count = var.deletion_protection ? 1 : 0

  input = aws_db_instance.this.identifier

  lifecycle {
    prevent_destroy      = true
    replace_triggered_by = [aws_db_instance.this.resource_id, aws_kms_key.this.id]
  }
}
