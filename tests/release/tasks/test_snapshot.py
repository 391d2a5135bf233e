"""The snapshot before a migration: waited for, or nothing is migrated."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from infra.console import Step
from infra.errors import InfraError
from infra.release.tasks import snapshot
from infra.release.tasks.snapshot import snapshot_name, take_snapshot
from tests.release import plans
from tests.release.ecs_answers import client_error

DATABASE = "hokusai-mlflow-staging"


class Rds:
    """RDS, whose snapshot answers look by look."""

    def __init__(self, looks: Iterable[str | Exception], refusal: Exception | None = None) -> None:
        self.looks, self.refusal = list(looks), refusal
        self.made: list[dict[str, str]] = []

    def create_db_snapshot(self, **request: str) -> None:
        if self.refusal:
            raise self.refusal
        self.made.append(request)

    def describe_db_snapshots(self, *, DBSnapshotIdentifier: str) -> dict[str, Any]:  # noqa: N803
        assert DBSnapshotIdentifier == "s"
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return {"DBSnapshots": [{"Status": look, "PercentProgress": 10}]}


def take(rds: Rds, **options: Any) -> None:
    take_snapshot(rds, DATABASE, "s", Step("t"), **({"pause_seconds": 0} | options))


def test_its_name_says_what_it_was_made_before() -> None:
    at = datetime(2026, 3, 1, 13, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    assert snapshot_name(DATABASE, plans.NEW, at) == f"{DATABASE}-before-222222222222-20260301-120005"
    assert at.astimezone(UTC).hour == 12


def test_it_is_waited_for() -> None:
    rds = Rds(["creating", client_error("DBSnapshotNotFound", 404), "creating", "available"])
    take(rds)
    assert rds.made == [{"DBInstanceIdentifier": DATABASE, "DBSnapshotIdentifier": "s"}]


@pytest.mark.parametrize(
    ("rds", "options", "told"),
    [
        (Rds([], client_error("AccessDenied")), {}, "No snapshot of hokusai-mlflow-staging could be made.*Nothing was"),
        (Rds(["creating", "failed"]), {}, "The snapshot s failed. Nothing was migrated"),
        (Rds(["creating"]), {"patience_seconds": 0}, "is not complete after"),
    ],
)
def test_without_it_nothing_is_migrated(rds: Rds, options: dict[str, Any], told: str) -> None:
    with pytest.raises(InfraError, match=told):
        take(rds, **options)


def test_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "_SILENCE_SECONDS", 0)
    with pytest.raises(InfraError, match="RDS tells nothing"):
        take(Rds([client_error("X", 503)]))
