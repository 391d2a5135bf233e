"""The MLflow tracking server of the Hokusai model registry: configuration, migration, start and health check."""
