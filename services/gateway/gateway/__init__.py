"""The authenticating gateway in front of MLflow."""
