"""`python -m mlflow_server.mlflow_command ...` is `mlflow ...`, there sooner."""

import runpy

from mlflow_server.garbage import look_for_it_less_often

if __name__ == "__main__":
    look_for_it_less_often()
    runpy.run_module("mlflow", run_name="__main__", alter_sys=True)
