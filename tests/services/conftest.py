"""The real parts that the services are tested with. Each is made when first asked for, once a test process."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.account.emulated import start
from infra.preflight.parts.postgres import MASTER_USER, Database, Postgres, start_postgres
from infra.verification import client as client_part
from tests.services.parts import mlflow_service as mlflow_part
from tests.services.parts.mlflow_service import MlflowService, running_mlflow
from tests.services.parts.object_store import ArtifactStore, make_artifact_store

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server with TLS and passwords."""
    server = start_postgres()
    yield server
    server.close()


@pytest.fixture(scope="session")
def artifact_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArtifactStore]:
    """Bucket and task role in an account of their own, with IAM enforced; take `.fork()` to break something."""
    account = start(tmp_path_factory.mktemp("store"), ACCOUNT_ID, REGION, parent_pid=os.getpid(), idle_seconds=3600)
    yield make_artifact_store(account)
    account.stop()


@pytest.fixture(scope="session")
def master_secret(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment of a migration task: the master secret as RDS keeps it, and where to read it.

    In an account without IAM enforcement: moto would refuse a right on one secret.
    """
    account = start(tmp_path_factory.mktemp("secrets"), ACCOUNT_ID, REGION, parent_pid=os.getpid(), idle_seconds=3600)
    content = json.dumps({"username": MASTER_USER, "password": postgres.master_password})
    secret = account.client("secretsmanager").create_secret(Name="rds!db-test", SecretString=content)
    variables = {name: value for name, value in account.environment().items() if name not in {"HTTP_PROXY", "NO_PROXY"}}
    yield {**variables, "DATABASE_MASTER_SECRET_ARN": secret["ARN"]}
    account.stop()


@pytest.fixture(scope="session")
def migrated_database(
    postgres: Postgres,
    artifact_store: ArtifactStore,
    master_secret: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Database:
    """A database with the schema, made by the real migration; `postgres.new_database(like=...)` copies it."""
    database = postgres.new_database()
    folder = tmp_path_factory.mktemp("migration")
    environment = mlflow_part.container_environment(database, artifact_store, folder, "127.0.0.1", 1) | master_secret
    result = mlflow_part.run_command("migrate", environment)
    assert result.returncode == 0, result.stderr
    return database


@pytest.fixture(scope="session")
def mlflow_service(
    postgres: Postgres,
    migrated_database: Database,
    artifact_store: ArtifactStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MlflowService]:
    """A healthy MLflow server: one worker, its own copy of the schema, the session's bucket."""
    database = postgres.new_database(like=migrated_database)
    with running_mlflow(database, artifact_store, tmp_path_factory.mktemp("mlflow")) as service:
        yield service


@pytest.fixture(scope="session")
def client_python() -> Path:
    """Python with the standard MLflow client."""
    return client_part.client_python()
