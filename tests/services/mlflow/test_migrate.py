"""The migration against a PostgreSQL that treats its master user as RDS does: may make roles, is no superuser."""

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from infra.account.emulated import EmulatedAccount, start
from infra.preflight.parts.postgres import MASTER_USER, Database, Postgres
from infra.tool_environment import service_environment
from tests.services.parts.mlflow_service import container_environment, run_command
from tests.services.parts.object_store import ArtifactStore

ODD_PASSWORD = "%41 a&b=c@d:e/f?g#h'\"\\ü+"  # noqa: S105 - every character that a URI, SQL or ini file could trip over
FIRST, SECOND = "first-password", "second-password"


@pytest.fixture
def task(artifact_store: ArtifactStore, master_secret: dict[str, str], tmp_path: Path) -> "Task":
    return Task(artifact_store, master_secret, tmp_path)


class Task:
    """The migration task, with the container's environment for a database."""

    def __init__(self, store: ArtifactStore, master_secret: Mapping[str, str], folder: Path) -> None:
        self._store, self._master_secret, self._folder = store, master_secret, folder

    def environment(self, database: Database, **changed: str) -> dict[str, str]:
        return {
            **container_environment(database, self._store, self._folder, "127.0.0.1", 1),
            **self._master_secret,
            **changed,
        }

    def run(self, database: Database, **changed: str) -> "subprocess.CompletedProcess[str]":
        return run_command("migrate", self.environment(database, **changed))


@pytest.fixture
def secrets_account(tmp_path: Path) -> Iterator[EmulatedAccount]:
    account = start(tmp_path / "account", "123456789012", "us-east-1", idle_seconds=600)
    yield account
    account.stop()


def tables(database: Database) -> dict[str, str]:
    """Owner of each table."""
    rows = database.sql("SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public'")
    return {row[0]: row[1] for row in rows}


def test_an_empty_database_gets_user_and_schema(migrated_database: Database) -> None:
    assert {"alembic_version", "experiments", "model_versions"} <= set(tables(migrated_database))
    assert set(tables(migrated_database).values()) == {"mlflow"}
    roles = migrated_database.sql(
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'mlflow'"
    )
    assert roles == [["mlflow", "f", "f", "f"]]


def test_two_at_once_and_a_password_of_odd_characters(task: Task, postgres: Postgres) -> None:
    database = postgres.new_database()
    results = []

    def run() -> None:
        results.append(task.run(database, DATABASE_USER="odd", DATABASE_PASSWORD=ODD_PASSWORD))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.returncode for result in results] == [0, 0], [result.stderr for result in results]
    assert set(tables(database).values()) == {"odd"}
    [[revision]] = database.sql("SELECT version_num FROM alembic_version")
    told = [migrated(result) for result in results]
    assert [each["schema"] for each in told] == [revision, revision]
    assert {each["before"] for each in told} == {None, revision}, "one of them found what the other had made"
    for text in (*(result.stdout + result.stderr for result in results), postgres.log.read_text(errors="replace")):
        assert ODD_PASSWORD not in text
        assert postgres.master_password not in text


def test_again_changes_the_password_only(task: Task, postgres: Postgres, migrated_database: Database) -> None:
    """As after application_password_version was raised (modules/database)."""
    database = postgres.new_database(like=migrated_database)
    database.sql(f"SET log_statement = none; CREATE ROLE renewed LOGIN IN ROLE mlflow PASSWORD '{FIRST}'")
    # On RDS the master user made the user, and may change it for that reason.
    database.sql(f"GRANT renewed TO {MASTER_USER} WITH ADMIN OPTION")
    assert may_connect(database, "renewed", FIRST)
    before = (tables(database), database.sql("SELECT version_num FROM alembic_version"))
    result = task.run(database, DATABASE_USER="renewed", DATABASE_PASSWORD=SECOND)
    assert result.returncode == 0, result.stderr
    assert (tables(database), database.sql("SELECT version_num FROM alembic_version")) == before
    assert migrated(result)["before"] == migrated(result)["schema"] == before[1][0][0] == needed_schema(task, database)
    assert may_connect(database, "renewed", SECOND)
    assert not may_connect(database, "renewed", FIRST)
    assert SECOND not in postgres.log.read_text(errors="replace")


def migrated(result: "subprocess.CompletedProcess[str]") -> dict[str, str]:
    """What the deploy reads from the task's log: its last line."""
    told: dict[str, str] = json.loads(result.stderr.splitlines()[-1])
    assert (told["event"], told["mlflow"]) == ("migrated", "3.17.2")
    return told


def needed_schema(task: Task, database: Database) -> str:
    """What the image says before it is deployed."""
    result = run_command("schema", task.environment(database))
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.strip()


def may_connect(database: Database, user: str, password: str) -> bool:
    script = (
        "import sys, psycopg; host, port, name, ca, user, password = sys.stdin.read().splitlines()\n"
        "try: psycopg.connect(host=host, port=port, dbname=name, sslmode='verify-full', sslrootcert=ca, "
        "user=user, password=password)\n"
        "except psycopg.OperationalError as error:\n"
        "  assert 'password authentication failed' in str(error), error; sys.exit(3)"
    )
    known = database.environment()
    values = [known[f"DATABASE_{part}"] for part in ("HOST", "PORT", "NAME", "CA_FILE")]
    result = subprocess.run(
        [service_environment("mlflow"), "-c", script],
        input="\n".join([*values, user, password]),
        text=True,
        check=False,
    )
    assert result.returncode in {0, 3}
    return result.returncode == 0


def one_line(result: "subprocess.CompletedProcess[str]", said_before: int = 0) -> str:
    """The only line that a refused migration prints, after those that say what was done."""
    assert result.returncode == 1
    lines = (result.stdout + result.stderr).splitlines()
    assert len(lines) == said_before + 1, lines
    return lines[-1]


def test_a_wrong_master_password(task: Task, postgres: Postgres, secrets_account: EmulatedAccount) -> None:
    content = f'{{"username": "{MASTER_USER}", "password": "not-this-one"}}'
    secret = secrets_account.client("secretsmanager").create_secret(Name="rds!db-wrong", SecretString=content)
    database = postgres.new_database()
    result = task.run(database, AWS_ENDPOINT_URL=secrets_account.endpoint, DATABASE_MASTER_SECRET_ARN=secret["ARN"])
    line = one_line(result)
    where = f"The database {database.name} on 127.0.0.1:{postgres.port}"
    assert line.startswith(f"mlflow-server: ERROR {where} does not serve user hokusai_admin: ")
    assert 'password authentication failed for user "hokusai_admin"' in line
    assert "not-this-one" not in line


@pytest.mark.parametrize(
    "content", ["the-master-password", '{"user": "the-master-password"}', '["the-master-password"]']
)
def test_a_secret_that_rds_did_not_write(
    task: Task, postgres: Postgres, secrets_account: EmulatedAccount, content: str
) -> None:
    secret = secrets_account.client("secretsmanager").create_secret(Name="rds!db-odd", SecretString=content)
    result = task.run(
        Database(postgres, "unused"),
        AWS_ENDPOINT_URL=secrets_account.endpoint,
        DATABASE_MASTER_SECRET_ARN=secret["ARN"],
    )
    assert one_line(result) == (
        "mlflow-server: ERROR The master secret (DATABASE_MASTER_SECRET_ARN) is not what RDS writes: "
        "JSON with username and password."
    )


def test_a_secret_that_is_not_there(task: Task, postgres: Postgres, secrets_account: EmulatedAccount) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-gone-Ab12Cd"
    result = task.run(
        Database(postgres, "unused"), AWS_ENDPOINT_URL=secrets_account.endpoint, DATABASE_MASTER_SECRET_ARN=arn
    )
    assert "ResourceNotFoundException" in one_line(result)


def test_a_secret_that_the_role_may_not_read(task: Task, postgres: Postgres, artifact_store: ArtifactStore) -> None:
    """The server's own task role: it has the bucket, and nothing else."""
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-other-Ab12Cd"
    result = task.run(Database(postgres, "unused"), **artifact_store.environment(), DATABASE_MASTER_SECRET_ARN=arn)
    assert "the task role needs secretsmanager:GetSecretValue and kms:Decrypt" in one_line(result)


def test_a_schema_of_a_newer_release(task: Task, postgres: Postgres, migrated_database: Database) -> None:
    database = postgres.new_database(like=migrated_database)
    database.sql("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    result = task.run(database)
    assert "has schema ffffffffffff, which MLflow 3.17.2 does not know" in one_line(result, said_before=1)
