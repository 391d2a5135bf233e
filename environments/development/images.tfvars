# The images that run, by digest. A tag can be moved after the review; a digest cannot.
images = {
  gateway = "111122223333.dkr.ecr.us-east-1.amazonaws.com/hokusai/gateway@sha256:cce6df07ac09d2956658c983f053646defbac7df3a479b9902f00b6d39ea4942"
  mlflow  = "111122223333.dkr.ecr.us-east-1.amazonaws.com/hokusai/mlflow@sha256:8693d7e7074e9df7574f2efbf557a164e05ab433fed990af2491ed4ddb195479"
  auth    = "111122223333.dkr.ecr.us-east-1.amazonaws.com/hokusai/auth@sha256:13786d950d21b493dcae4c9d11bef292609b8734d212ecd61c53052a45621e41"
}
