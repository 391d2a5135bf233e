"""What runs, as the tests expect it: whoever adds a service adds it here (docs/adding-a-service.md)."""

# Always, each an ECS service `hokusai-<name>`.
SERVICES = {"gateway", "mlflow", "auth"}
# A task that somebody starts.
RUN_ONCE = {"mlflow-migration"}
# Called by others, `<name>.hokusai-<env>.local`.
CALLED_BY_NAME = {"mlflow", "auth"}
