"""Connections to the backend store: TLS with a verified host name, always."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from mlflow_server.errors import ServerError
from mlflow_server.settings import Database, Secret

if TYPE_CHECKING:
    import psycopg

_CONNECT_SECONDS = 2


def store_uri(database: Database) -> str:
    """The backend store as MLflow takes it, password included: for its environment, never for arguments or logs.

    The driver is named: SQLAlchemy's choice for `postgresql://` changed between versions.
    """
    user, password = (quote(text, safe="") for text in (database.user, database.password.text))
    options = f"sslmode=verify-full&sslrootcert={quote(str(database.ca_file), safe='/')}"
    return f"postgresql+psycopg://{user}:{password}@{database.host}:{database.port}/{database.name}?{options}"


@contextmanager
def connection(
    database: Database, user: str | None = None, password: Secret | None = None
) -> "Iterator[psycopg.Connection[tuple[object, ...]]]":
    """A connection that commits every statement.

    Args:
        database: where to.
        user: another user than the application's.
        password: that user's.

    Raises:
        ServerError: no connection, or a statement was refused; with PostgreSQL's reason, which holds no password.
    """
    import psycopg  # noqa: PLC0415 - not in the environment of the tests that only read settings

    try:
        with psycopg.connect(
            host=database.host,
            port=database.port,
            dbname=database.name,
            user=user or database.user,
            password=(password or database.password).text,
            sslmode="verify-full",
            sslrootcert=str(database.ca_file),
            connect_timeout=_CONNECT_SECONDS,
            application_name="mlflow-server",
            autocommit=True,
        ) as opened:
            yield opened
    except psycopg.Error as error:
        # The primary message alone: the whole text of a refused statement would repeat the statement.
        reason = error.diag.message_primary or " ".join(str(error).split())
        raise ServerError(f"The {database} does not serve user {user or database.user}: {reason}") from None
