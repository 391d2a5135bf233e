"""The SQL of the document hands MLflow's tables over, on a PostgreSQL whose master user is no superuser, as on RDS."""

import re
from collections.abc import Iterator

import pytest

from infra.preflight.parts.postgres import Database, Postgres, Wanted, start_postgres
from infra.repository import ROOT

MASTER, APPLICATION = "mlflow", "mlflow_server"
SQL = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "migrating-the-first-version.md").read_text(), re.DOTALL)


@pytest.fixture
def server() -> Iterator[Postgres]:
    postgres = start_postgres(wanted=Wanted(master_user=MASTER))
    yield postgres
    postgres.close()


@pytest.fixture
def database(server: Postgres) -> Database:
    """As the first version left it: MLflow worked as the master, who owns everything."""
    made = server.new_database(name="mlflow_db")
    run(made, MASTER, "CREATE TABLE runs (id serial PRIMARY KEY, name text); INSERT INTO runs (name) VALUES ('old')")
    return made


def run(database: Database, user: str, statement: str) -> list[list[str]]:
    told = database.sql(f"SET SESSION AUTHORIZATION {user}; {statement}")
    return [row for row in told if row != ["SET"]]


def test_the_tables_are_handed_over_and_the_old_server_goes_on(database: Database) -> None:
    with pytest.raises(RuntimeError, match="must be owner"):
        database.sql("CREATE ROLE somebody; SET SESSION AUTHORIZATION somebody; ALTER TABLE runs ADD COLUMN x int")
    [statements] = SQL
    run(database, MASTER, statements)
    owners = database.sql("SELECT tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert owners == [[APPLICATION]]
    # What an upgrade of the schema does.
    run(database, APPLICATION, "ALTER TABLE runs ADD COLUMN stage text")
    # What the old server does until it is gone.
    assert run(database, MASTER, "INSERT INTO runs (name) VALUES ('new') RETURNING id")[0] == ["2"]
    # What the migration task does as the master, each time it runs (services/mlflow/mlflow_server/migrate.py).
    run(
        database,
        MASTER,
        f"ALTER ROLE {APPLICATION} LOGIN PASSWORD 'x';"
        f"GRANT CONNECT, TEMPORARY ON DATABASE mlflow_db TO {APPLICATION};"
        f"GRANT USAGE, CREATE ON SCHEMA public TO {APPLICATION}",
    )
    run(database, APPLICATION, "CREATE TABLE alembic_version (version_num text)")
    assert database.sql("SELECT name FROM runs ORDER BY id") == [["old"], ["new"]]
