# The images that run, by digest. A tag can be moved after the review; a digest cannot.
images = {
  gateway = "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/gateway@sha256:ecd1170dc2c5ad2447d93f6601ab94385ab736871a7b63e040a97b422d35cfcf"
  mlflow  = "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/mlflow@sha256:d28fe284a544815a59c8874ca31bfa1f1916e7ddbdbebf7615ba6ceccee380a2"
  auth    = "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/auth@sha256:fb4eb1046db51e6085cc8978d810bb52b0cbb860281a106ae30fd7b10b4bae85"
}
