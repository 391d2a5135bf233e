"""What ends by itself is told in time, and not before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from infra.account.clients import client
from infra.environment import load_environment
from infra.errors import InfraError
from infra.release.books import open_books
from infra.release.drift.expiry import expiring
from infra.release.drift.finding import DriftFinding
from infra.release.drift.owned import Owned, read_owned
from infra.release.drift.reader import Reader
from infra.review.model import Severity
from tests.release.drift.conftest import Applied, Copies

NOBODY = Reader(lambda service: pytest.fail(f"{service} is not asked"))


def ending(applied: Applied, days_from_now: int) -> list[DriftFinding]:
    region = applied.environment.region
    reader = Reader(lambda service: client(applied.account, region, service))
    owned = read_owned(open_books(applied.environment, applied.account).state)
    quiet = replace(applied.environment, variables={})
    return list(expiring(reader, owned, quiet, datetime.now(UTC) + timedelta(days=days_from_now), 30))


def test_lifecycle_certificates_of_listeners_and_database(copies: Copies) -> None:
    """The seeded certificate is good for 395 days, the database's for 365."""
    with copies("development") as applied:
        assert ending(applied, 0) == []
        assert ending(applied, 330) == []
        [database] = ending(applied, 340)
        assert database.address == "module.database.aws_db_instance.this"
        assert database.severity is Severity.HIGH
        soon = {each.address.rpartition(".")[0]: each for each in ending(applied, 380)}
        assert "It was imported, so nobody renews it" in soon['module.alb["edge"].aws_lb_listener'].todo
        assert "(over)" in soon["module.database.aws_db_instance"].what
        assert {each.severity for each in ending(applied, 394)} == {Severity.CRITICAL}


@pytest.mark.parametrize(
    ("today", "told"),
    [("2027-02-28", False), ("2027-03-01", True), ("2027-03-31", True), ("2027-04-01", False)],
)
def test_the_day_of_the_old_service_id(today: str, told: bool) -> None:
    environment = replace(load_environment("development"), variables={"legacy_service_id_until": "2027-03-31"})
    now = datetime.fromisoformat(f"{today}T12:00:00+00:00")
    found = list(expiring(NOBODY, Owned([], []), environment, now, 30))
    assert [each.where for each in found] == (["legacy_service_id_until"] if told else [])


def test_a_day_that_is_none_is_an_error() -> None:
    environment = replace(load_environment("development"), variables={"legacy_service_id_until": "soon"})
    with pytest.raises(InfraError, match="no date such as 2027-03-31"):
        list(expiring(NOBODY, Owned([], []), environment, datetime.now(UTC), 30))
