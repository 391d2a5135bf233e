# The images that run, by digest. A tag can be moved after the review; a digest cannot.
images = {
  gateway = "444455556666.dkr.ecr.us-east-1.amazonaws.com/hokusai/gateway@sha256:439ee15c3fe4a7a0216fa565a8ee005d54dc36534a71662660f7977f9121ba9e"
  mlflow  = "444455556666.dkr.ecr.us-east-1.amazonaws.com/hokusai/mlflow@sha256:09d86033439a979675396fba6d81bf98c4b1b0eaeeb4dfdd1350621a2e9731ae"
  auth    = "444455556666.dkr.ecr.us-east-1.amazonaws.com/hokusai/auth@sha256:4793ce29c9e37d6400b043b9b5014084e4e2ad6b0ad222423bc1f22126e55b4d"
}
