"""What the entrypoint accepts as configuration, and how it refuses the rest."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from infra.repository import ROOT
from mlflow_server.environment import migrate_settings, serve_settings
from mlflow_server.errors import ServerError
from mlflow_server.settings import ArtifactStore, Database, MigrateSettings, Secret, ServeSettings

PASSWORD = "correct-horse-battery"  # noqa: S105 - of nothing
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-0123abcd-Ab12Cd"  # noqa: S105 - a name


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    file.touch()
    return file


@pytest.fixture
def container(ca_file: Path, tmp_path: Path) -> dict[str, str]:
    """What the stack gives the server, with the two paths that exist in the image only."""
    return {
        "ENVIRONMENT": "staging",
        "PORT": "5000",
        "DATABASE_HOST": "hokusai-mlflow-staging.abc.us-east-1.rds.amazonaws.com",
        "DATABASE_PORT": "5432",
        "DATABASE_NAME": "mlflow",
        "DATABASE_USER": "mlflow",
        "DATABASE_PASSWORD": PASSWORD,
        "DATABASE_CA_FILE": str(ca_file),
        "ARTIFACTS_DESTINATION": "s3://hokusai-mlflow-artifacts-staging/artifacts",
        "ALLOWED_HOSTS": "mlflow.hokusai-staging.local:5000",
        "KEEP_ALIVE_SECONDS": "90",
        "TMPDIR": str(tmp_path),
    }


def refusal(container: dict[str, str]) -> list[str]:
    with pytest.raises(ServerError) as refused:
        serve_settings(container)
    return str(refused.value).splitlines()


def test_what_the_stack_gives_is_understood(container: dict[str, str], ca_file: Path, tmp_path: Path) -> None:
    database = Database(
        "hokusai-mlflow-staging.abc.us-east-1.rds.amazonaws.com", 5432, "mlflow", "mlflow", Secret(PASSWORD), ca_file
    )
    assert serve_settings(container) == ServeSettings(
        environment="staging",
        host="0.0.0.0",  # noqa: S104 - in the container
        port=5000,
        database=database,
        artifacts=ArtifactStore("hokusai-mlflow-artifacts-staging", "artifacts"),
        allowed_hosts=("mlflow.hokusai-staging.local:5000",),
        keep_alive_seconds=90,
        workers=None,
        job_runner=False,
        schema_wait_seconds=90,
        linger_seconds=15,
        drain_seconds=100,
        probe_seconds=300,
        scratch=tmp_path,
    )
    assert migrate_settings({**container, "DATABASE_MASTER_SECRET_ARN": SECRET_ARN}) == MigrateSettings(
        "staging", database, SECRET_ARN
    )


def test_the_stack_gives_exactly_what_is_wanted(container: dict[str, str]) -> None:
    """environments/stack/services.tf sets every setting without a default, and none that nobody reads."""
    stack = (ROOT / "environments" / "stack" / "services.tf").read_text()
    given = {
        name: set(re.findall(r"^ +([A-Z_]+) +=", re.search(start + r".*?^ {2,4}\}$", stack, re.S | re.M)[0], re.M))  # type: ignore[index] # a missing block fails
        for name, start in {
            "server": r"^    mlflow = \{",
            "migration": r"^    mlflow-migration = \{",
            "database": r"^  _database_environment = \{",
        }.items()
    }
    wanted = set(container) - {"DATABASE_CA_FILE", "TMPDIR"}
    assert given["server"] | given["database"] == wanted
    assert given["migration"] | given["database"] == {
        "DATABASE_MASTER_SECRET_ARN",
        *(name for name in wanted if name.startswith(("DATABASE_", "ENVIRONMENT"))),
    }


@pytest.mark.parametrize(
    "name",
    [
        "ENVIRONMENT",
        "PORT",
        "DATABASE_HOST",
        "DATABASE_PORT",
        "DATABASE_NAME",
        "DATABASE_USER",
        "DATABASE_PASSWORD",
        "ARTIFACTS_DESTINATION",
        "ALLOWED_HOSTS",
        "KEEP_ALIVE_SECONDS",
    ],
)
def test_a_missing_or_empty_setting_is_named(container: dict[str, str], name: str) -> None:
    empty = refusal({**container, name: ""})
    missing = refusal({key: value for key, value in container.items() if key != name})
    assert missing == empty
    assert len(missing) == 1
    assert missing[0].startswith(f"{name} is missing: set it to ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "Staging!"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "5000 "),
        ("PORT", "http"),
        ("HOST", "not a host"),
        ("DATABASE_HOST", "db.example.com:5432"),
        ("DATABASE_HOST", "postgresql://db.example.com"),
        ("DATABASE_HOST", "db@example.com"),
        ("DATABASE_PORT", "-1"),
        ("DATABASE_NAME", "mlflow?sslmode=disable"),
        ("DATABASE_USER", "mlflow; DROP"),
        ("DATABASE_PASSWORD", "ends-with-a-line-break\n"),
        ("DATABASE_CA_FILE", "/nowhere/ca.pem"),
        ("ARTIFACTS_DESTINATION", "s3://bucket"),
        ("ARTIFACTS_DESTINATION", "s3://bucket/"),
        ("ARTIFACTS_DESTINATION", "s3://bucket/a//b"),
        ("ARTIFACTS_DESTINATION", "s3://bucket/artifacts/../../other"),
        ("ARTIFACTS_DESTINATION", "s3://Bucket/artifacts"),
        ("ARTIFACTS_DESTINATION", "/var/artifacts"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "a.local:5000,"),
        ("ALLOWED_HOSTS", "a.local:5000 --workers 9"),
        ("KEEP_ALIVE_SECONDS", "0"),
        ("KEEP_ALIVE_SECONDS", "1.5"),
        ("WORKERS", "0"),
        ("WORKERS", "many"),
        ("JOB_RUNNER", "yes"),
        ("SCHEMA_WAIT_SECONDS", "-5"),
        ("LINGER_SECONDS", "-1"),
        ("DRAIN_SECONDS", "forever"),
        ("PROBE_SECONDS", "3601"),
        ("TMPDIR", "/nowhere"),
    ],
)
def test_a_wrong_setting_is_named_and_not_repeated(container: dict[str, str], name: str, value: str) -> None:
    lines = refusal({**container, name: value})
    assert len(lines) == 1
    assert lines[0].startswith(f"{name} is wrong: set it to ")
    assert value.strip() not in lines[0].removeprefix(name) or value in {"0", "*"}


def test_all_problems_are_told_at_once() -> None:
    lines = refusal({"PORT": "x", "WORKERS": "x"})
    assert [line.split()[0] for line in lines] == [
        "ENVIRONMENT",
        "PORT",
        "DATABASE_HOST",
        "DATABASE_PORT",
        "DATABASE_NAME",
        "DATABASE_USER",
        "DATABASE_PASSWORD",
        "DATABASE_CA_FILE",
        "ARTIFACTS_DESTINATION",
        "ALLOWED_HOSTS",
        "KEEP_ALIVE_SECONDS",
        "WORKERS",
    ]


@pytest.mark.parametrize("arn", ["mlflow", "arn:aws:ssm:us-east-1:123456789012:parameter/x", SECRET_ARN + " x"])
def test_the_migration_wants_a_secret(container: dict[str, str], arn: str) -> None:
    with pytest.raises(ServerError, match=r"^DATABASE_MASTER_SECRET_ARN is wrong: set it to "):
        migrate_settings({**container, "DATABASE_MASTER_SECRET_ARN": arn})


def test_several_hosts_and_explicit_choices(container: dict[str, str]) -> None:
    settings = serve_settings(
        {**container, "ALLOWED_HOSTS": "a.local:5000, b.local:*", "WORKERS": "3", "JOB_RUNNER": "true"}
    )
    assert settings.allowed_hosts == ("a.local:5000", "b.local:*")
    assert settings.workers == 3
    assert settings.job_runner is True


def test_a_prefix_of_several_parts(container: dict[str, str]) -> None:
    settings = serve_settings({**container, "ARTIFACTS_DESTINATION": "s3://bucket/a/b-c/d.e/"})
    assert settings.artifacts == ArtifactStore("bucket", "a/b-c/d.e")
    assert settings.artifacts.uri == "s3://bucket/a/b-c/d.e"


def test_settings_are_frozen_and_show_no_password(container: dict[str, str]) -> None:
    settings = serve_settings(container)
    for text in (repr(settings), str(settings), f"{settings.database}", f"{settings.database.password}"):
        assert PASSWORD not in text
    assert replace(settings, port=1).database.password.text == PASSWORD
    with pytest.raises(AttributeError):
        settings.port = 1  # type: ignore[misc] # that is what is tested
