# Switched on by its configuration, not by the bucket's `object_lock_enabled`: that argument would replace an existing bucket.
# AWS never switches object lock off again; removing this block ends the default retention only.
resource "aws_s3_bucket_object_lock_configuration" "this" {
  count = var.object_lock == null ? 0 : 1

  bucket = module.bucket.bucket_name

  rule {
    default_retention {
      mode = var.object_lock.mode
      days = var.object_lock.days
    }
  }
}
