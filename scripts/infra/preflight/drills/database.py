"""Drill: the database is gone for a while."""

from infra.preflight.drills.drill import Drill
from infra.preflight.drills.scene import BOUND_SECONDS
from infra.preflight.drills.watch import Watch
from infra.verification.steps import CheckFailed

_STOPPED_SECONDS = 2.0


def _stop(watch: Watch) -> None:
    platform = watch.scene.platform
    found = watch.scene.target.account.client("rds").describe_db_instances()["DBInstances"]
    if not found:
        raise CheckFailed("There is no database in the account.")
    watch.begin(f"database {found[0]['DBInstanceIdentifier']} stops", str(found[0]["DBInstanceArn"]))
    platform.stop_database()
    try:
        watch.hold_until_noticed(_STOPPED_SECONDS, BOUND_SECONDS)
    finally:
        platform.start_database()
        watch.end("the database is started again")


DRILLS = (
    Drill(
        "stop-database",
        "When the database was gone, the services come back by themselves and nothing that was committed is lost",
        _stop,
    ),
)
