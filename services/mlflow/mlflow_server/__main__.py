"""`python -m mlflow_server` is `mlflow-server`."""

import sys

from mlflow_server.cli import main

sys.exit(main())
