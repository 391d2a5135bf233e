"""What a plan and its configuration must not contain: checkov, own policies and IAM, all of it failing closed."""
