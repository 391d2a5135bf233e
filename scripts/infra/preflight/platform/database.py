"""The database instance as applied: a real PostgreSQL under its host name, with its users, port and parameters."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.account.emulated import EmulatedAccount
from infra.preflight.parts.postgres import Postgres, Wanted, start_postgres
from infra.preflight.platform.model import PlatformFailure
from infra.preflight.platform.network import Place

# Parameters of RDS's PostgreSQL that mean the same to every PostgreSQL. Others belong to RDS, or to its memory.
_PREFIXES = (
    "log_",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "lock_timeout",
    "ssl_min_protocol_version",
)


class Database:
    """A running database instance.

    Args:
        arn: the DB instance.
        name: its identifier.
        host: its endpoint's name.
        server: what runs.
        place: where.
    """

    def __init__(self, arn: str, name: str, host: str, server: Postgres, place: Place) -> None:
        self.arn, self.name, self.host, self.server, self.place = arn, name, host, server, place

    @property
    def ca_file(self) -> Path:
        """The authority that signed its certificate."""
        return self.server.ca_file


@contextmanager
def running_databases(
    account: EmulatedAccount, take_address: Callable[[], str], folder: Path
) -> Iterator[list[Database]]:
    """Every PostgreSQL instance of an account; they end with the context.

    Args:
        account: where they are.
        take_address: gives loopback addresses.
        folder: for their files.

    Raises:
        PlatformFailure: an instance cannot be stood for.
    """
    rds = account.client("rds")
    found: list[Database] = []
    try:
        for page in rds.get_paginator("describe_db_instances").paginate():
            for instance in page["DBInstances"]:
                found.append(_start(account, instance, take_address(), folder))
        yield found
    finally:
        for each in found:
            each.server.close()


def _start(account: EmulatedAccount, instance: Mapping[str, Any], address: str, folder: Path) -> Database:
    arn, name = instance["DBInstanceArn"], instance["DBInstanceIdentifier"]
    if instance["Engine"] != "postgres":
        raise PlatformFailure(
            f"{name} is {instance['Engine']}; preflight has PostgreSQL only.", arn=arn, attribute="engine"
        )
    secret = instance.get("MasterUserSecret")
    if not secret:
        raise PlatformFailure(
            f"The master password of {name} is not managed by RDS, so nobody can read it.",
            arn=arn,
            attribute="manage_master_user_password",
        )
    content = json.loads(
        account.client("secretsmanager").get_secret_value(SecretId=secret["SecretArn"])["SecretString"]
    )
    host, port = instance["Endpoint"]["Address"], int(instance["Endpoint"]["Port"])
    parameters = _parameters(account, instance)
    server = start_postgres(
        parent=folder,
        wanted=Wanted(
            addresses=(address,),
            port=port,
            names=(host,),
            master_user=content["username"],
            master_password=content["password"],
            # The default of RDS since PostgreSQL 15.
            tls_only=parameters.get("rds.force_ssl", "1") == "1",
            parameters={name: value for name, value in parameters.items() if name.startswith(_PREFIXES)},
        ),
    )
    if instance.get("DBName"):
        server.new_database(name=instance["DBName"])
    groups = tuple(each["VpcSecurityGroupId"] for each in instance["VpcSecurityGroups"])
    return Database(arn, name, host, server, Place("database", name, address, arn, groups))


def _parameters(account: EmulatedAccount, instance: Mapping[str, Any]) -> dict[str, str]:
    pages = account.client("rds").get_paginator("describe_db_parameters")
    return {
        each["ParameterName"]: each["ParameterValue"]
        for group in instance["DBParameterGroups"]
        for page in pages.paginate(DBParameterGroupName=group["DBParameterGroupName"])
        for each in page["Parameters"]
        if each.get("ParameterValue") is not None
    }
