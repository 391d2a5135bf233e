"""The direct artifact lane: artifacts between client and S3, without MLflow spooling them to its disk first."""
