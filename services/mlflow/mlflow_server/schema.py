"""Which schema the installed MLflow wants, which one the database has, and waiting until they agree."""

import ast
import importlib.metadata
import importlib.util
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlflow_server.database import connection
from mlflow_server.errors import ServerError
from mlflow_server.settings import Database

_POLL_SECONDS = 1.0


class NewerSchemaError(ServerError):
    """The database was migrated by a newer release; waiting does not help."""


@dataclass(frozen=True)
class Schema:
    """The schema revisions that an MLflow release knows.

    Args:
        release: version of MLflow.
        head: the revision that it needs.
        known: all revisions up to it.
    """

    release: str
    head: str
    known: frozenset[str]


def installed_schema() -> Schema:
    """The schema of the installed MLflow, read from its migration files without importing it, which takes seconds.

    Raises:
        ServerError: MLflow is not installed, or its migrations have no single last one.
    """
    package = importlib.util.find_spec("mlflow")
    if package is None or package.origin is None:
        raise ServerError("MLflow is not installed: install services/mlflow/requirements.lock.")
    folder = Path(package.origin).parent / "store" / "db_migrations" / "versions"
    followed_by: dict[str, str | None] = {}
    for file in sorted(folder.glob("*.py")):
        names = _assignments(file)
        if "revision" in names:
            followed_by[str(names["revision"])] = names.get("down_revision")
    heads = set(followed_by) - set(followed_by.values())
    if len(heads) != 1:
        raise ServerError(f"MLflow's migrations have {len(heads)} last revisions instead of one: install it anew.")
    return Schema(importlib.metadata.version("mlflow"), heads.pop(), frozenset(followed_by))


def print_schema(_: Mapping[str, str]) -> None:
    """Print the revision that this release needs, for the tag of its image; needs no setting and no database.

    Raises:
        ServerError: MLflow is not installed as it must be.
    """
    print(installed_schema().head)


def wait_for_schema(
    database: Database,
    schema: Schema,
    seconds: float,
    report: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until the database has the schema that MLflow needs.

    Args:
        database: backend store.
        schema: what is needed.
        seconds: time limit.
        report: is told each new reason for waiting.
        sleep: takes seconds.

    Raises:
        ServerError: it has not come in time.
        NewerSchemaError: the database's schema is newer than this release knows.
    """
    deadline = time.monotonic() + seconds
    reason = ""
    while True:
        previous, reason = reason, _why_not(database, schema)
        if not reason:
            return
        if time.monotonic() >= deadline:
            raise ServerError(
                f"{reason} Waited {seconds:.0f} s (SCHEMA_WAIT_SECONDS). Run the migration task, then start again."
            )
        if reason != previous:
            report(f"waiting for the schema: {reason}")
        sleep(min(_POLL_SECONDS, max(0.0, deadline - time.monotonic())))


def current_revision(database: Database) -> str | None:
    """The revision that the database has; None: no MLflow schema yet.

    Raises:
        ServerError: the database does not answer, or the user may not read its schema.
    """
    import psycopg  # noqa: PLC0415 - see database.connection

    with connection(database) as opened:
        try:
            row = opened.execute("SELECT version_num FROM alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return str(row[0]) if row else None


def refuse_newer(database: Database, schema: Schema) -> str | None:
    """The revision that the database has, unless only a newer release knows it.

    Args:
        database: backend store.
        schema: of the installed release.

    Raises:
        NewerSchemaError: the schema is newer.
        ServerError: the database does not answer.
    """
    revision = current_revision(database)
    if revision is None or revision in schema.known:
        return revision
    raise NewerSchemaError(
        f"The {database} has schema {revision}, which MLflow {schema.release} does not know: "
        "a newer release migrated it. Run that release's image."
    )


def _why_not(database: Database, schema: Schema) -> str:
    try:
        revision = refuse_newer(database, schema)
    except NewerSchemaError:
        raise
    except ServerError as error:
        return f"{error}."
    if revision == schema.head:
        return ""
    if revision is None:
        return f"The {database} has no MLflow schema."
    return f"The {database} has schema {revision}, MLflow {schema.release} needs {schema.head}."


def _assignments(file: Path) -> dict[str, str | None]:
    """Top-level `name = "text"` of a Python file."""
    found: dict[str, str | None] = {}
    for node in ast.parse(file.read_bytes()).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        ):
            found[node.targets[0].id] = node.value.value if isinstance(node.value.value, str) else None
    return found
