"""`mlflow-server migrate`: the application's database user, its rights and the schema, before a new release serves."""

import importlib.metadata
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlflow_server.database import connection, store_uri
from mlflow_server.environment import migrate_settings
from mlflow_server.errors import ServerError
from mlflow_server.garbage import look_for_it_less_often
from mlflow_server.log import report, say
from mlflow_server.schema import current_revision, installed_schema, refuse_newer
from mlflow_server.settings import Database, Secret

if TYPE_CHECKING:
    import psycopg

_LOCK = 0x686F6B75  # any number, the same in every run


def migrate(values: Mapping[str, str]) -> None:
    """Bring user, rights and schema to what this release needs; running it again changes nothing.

    The master user makes the application's user and nothing else. The schema is made by the application's user, who
    then owns it. Two migrations at a time run one after the other.

    Args:
        values: the process environment.

    Raises:
        ServerError: a setting is wrong, the master secret cannot be read, the database refuses, or a migration fails.
    """
    settings = migrate_settings(values)
    database = settings.database
    user, password = master_user(settings.master_secret_arn)
    with connection(database, user, password) as master:
        master.execute("SELECT pg_advisory_lock(%s)", [_LOCK])  # given back when the connection ends
        give_access(master, database)
        say(f"user {database.user} may use the {database}")
        before = refuse_newer(database, installed_schema())
        upgrade_schema(database)
        after = current_revision(database)
    release = importlib.metadata.version("mlflow")
    say(f"the {database} has the schema of MLflow {release}")
    # What a deploy keeps in its ledger (scripts/infra/release/tasks/migration.py).
    report({"event": "migrated", "mlflow": release, "before": before, "schema": after})


def master_user(secret_arn: str) -> tuple[str, Secret]:
    """Name and password of the master user, from the secret that RDS keeps
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html: JSON with username and password).

    Args:
        secret_arn: of the secret; its region is asked.

    Raises:
        ServerError: the secret cannot be read.
    """
    import boto3  # noqa: PLC0415 - slow to import, and only here
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        client = boto3.client("secretsmanager", region_name=secret_arn.split(":")[3])
        content = json.loads(client.get_secret_value(SecretId=secret_arn)["SecretString"])
        return str(content["username"]), Secret(str(content["password"]))
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        denied = code in {"AccessDeniedException", "403"}
        hint = "the task role needs secretsmanager:GetSecretValue and kms:Decrypt" if denied else "look at its ARN"
        raise ServerError(f"The master secret (DATABASE_MASTER_SECRET_ARN) cannot be read: {code}; {hint}.") from None
    except BotoCoreError as error:
        raise ServerError(f"The master secret (DATABASE_MASTER_SECRET_ARN) cannot be read: {error}") from None
    except (ValueError, KeyError, TypeError):
        # Not the error's own text: it may quote the secret.
        raise ServerError(
            "The master secret (DATABASE_MASTER_SECRET_ARN) is not what RDS writes: JSON with username and password."
        ) from None


def give_access(master: "psycopg.Connection[tuple[object, ...]]", database: Database) -> None:
    """Make the application's user, or give it the password of today, and let it make tables in the database.

    The server gets a SCRAM verifier, never the password: a statement may end up in a log.

    Args:
        master: connection of the master user, who owns the database.
        database: with the application's user and password.
    """
    from psycopg import sql  # noqa: PLC0415 - see database.connection

    names: dict[str, sql.Composable] = {
        "user": sql.Identifier(database.user),
        "database": sql.Identifier(database.name),
    }
    verifier = master.pgconn.encrypt_password(
        database.password.text.encode(), database.user.encode(), b"scram-sha-256"
    ).decode()
    exists = master.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [database.user]).fetchone()
    names["verb"] = sql.SQL("ALTER" if exists else "CREATE")
    master.execute(
        sql.SQL("{verb} ROLE {user} LOGIN PASSWORD {password}").format(**names, password=sql.Literal(verifier))
    )
    master.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {user}").format(**names))
    master.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {user}").format(**names))


def upgrade_schema(database: Database) -> None:
    """Run `mlflow db upgrade` in this process, since a command line would show the password.

    Args:
        database: connected to as the application's user, who will own the tables.

    Raises:
        ServerError: a migration failed; with the database's reason.
    """
    look_for_it_less_often()
    import mlflow.db  # noqa: PLC0415 - takes seconds
    import sqlalchemy.exc  # noqa: PLC0415

    try:
        mlflow.db.upgrade.callback(store_uri(database))
    except sqlalchemy.exc.SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        raise ServerError(f"The schema of the {database} could not be brought up to date: {reason}") from None
