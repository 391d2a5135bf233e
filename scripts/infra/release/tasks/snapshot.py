"""A snapshot of the database before its schema is migrated: the only way back."""

import time
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.console import Step
from infra.errors import InfraError

PATIENCE_SECONDS: Final = 3600.0
_PAUSE_SECONDS: Final = 10.0
_SILENCE_SECONDS: Final = 120.0


def snapshot_name(database: str, image: str, now: datetime) -> str:
    """What a snapshot before a migration is called.

    Args:
        database: identifier of the instance; what the delivery role may write begins with it.
        image: that is going to migrate, by digest.
        now: with time zone.

    Returns:
        As in "hokusai-mlflow-staging-before-8693d7e7074e-20260301-120000"; up to a second unique.
    """
    digest = image.rpartition(":")[2][:12]
    return f"{database}-before-{digest}-{now.astimezone(UTC):%Y%m%d-%H%M%S}"


def take_snapshot(
    rds: Any,  # noqa: ANN401 - boto3 makes its clients at run time
    database: str,
    name: str,
    step: Step,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    pause_seconds: float = _PAUSE_SECONDS,
) -> None:
    """Make a snapshot and wait until it can be restored from.

    Args:
        rds: client of RDS.
        database: identifier of the instance.
        name: of the snapshot.
        step: told how far it is.
        patience_seconds: how long it may take.
        pause_seconds: between two looks.

    Raises:
        InfraError: it was refused, failed, or takes too long. Nothing else was changed.
    """
    began = answered = time.monotonic()
    try:
        rds.create_db_snapshot(DBInstanceIdentifier=database, DBSnapshotIdentifier=name)
    except (BotoCoreError, ClientError) as error:
        raise InfraError(
            f"No snapshot of {database} could be made before its schema is migrated: {error}. Nothing was changed."
        ) from error
    while True:
        now = time.monotonic()
        try:
            found = rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"][0]
            answered = now
            if found["Status"] == "available":
                return
            if found["Status"] == "failed":
                raise InfraError(f"The snapshot {name} failed. Nothing was migrated.")
            step.detail(f"{found['Status']}, {found.get('PercentProgress', 0)} %")
        except (BotoCoreError, ClientError) as error:
            if now - answered >= _SILENCE_SECONDS:
                raise InfraError(
                    f"RDS tells nothing about the snapshot {name}: {error}. Nothing was changed."
                ) from error
        if now - began >= patience_seconds:
            raise InfraError(
                f"The snapshot {name} is not complete after {now - began:.0f} s; it goes on. Nothing was migrated. "
                "Deploy again later, which makes a new one."
            )
        time.sleep(pause_seconds)
