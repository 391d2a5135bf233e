"""Applied environments as they are: no false alarm; then everything that people do by hand: each is found and told."""

import json
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.environment import environment_names
from infra.errors import InfraError
from infra.release.books import open_books
from infra.release.drift import examine as examination
from infra.release.drift.finding import DriftReport, Rule
from infra.release.ledger.entry import Kind, Outcome, Record
from infra.release.remote_state import STATE_KEY
from tests.release.drift.by_hand import DEEDS, Deed, Place, what_is_no_drift
from tests.release.drift.conftest import Applied, Copies
from tests.shared_once import shared_once

ENVIRONMENT = "development"
# The report after everything was done by hand, what each deed must be found as, and what must not be found.
Drifted = tuple[DriftReport, dict[str, str], list[str]]


@pytest.mark.long
@pytest.mark.parametrize("environment", environment_names())
def test_lifecycle_an_applied_environment_has_no_drift(copies: Copies, environment: str) -> None:
    with copies(environment) as applied:
        report = applied.examine()
    assert report.failures == ()
    assert [(each.rule, each.where, each.what) for each in report.findings] == []
    assert report.exit_code == 0


@pytest.fixture(scope="session")
def drifted(copies: Copies, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drifted]:
    """Examined once for all test processes."""

    def examine(folder: Path) -> None:
        with copies(ENVIRONMENT) as applied:
            place = Place(applied.emulated, ENVIRONMENT)
            expected = {name: deed.do(place) for name, deed in DEEDS.items()}
            harmless = what_is_no_drift(place)
            (folder / "drifted").write_bytes(pickle.dumps((applied.examine(), expected, harmless)))

    with shared_once(tmp_path_factory, "drifted", examine, end=lambda _: None) as folder:
        yield pickle.loads((folder / "drifted").read_bytes())  # noqa: S301 - written just above


@pytest.mark.parametrize("name", DEEDS)
def test_lifecycle_what_is_done_by_hand_is_found(drifted: Drifted, name: str) -> None:
    report, expected, _ = drifted
    deed: Deed = DEEDS[name]
    found = [
        each for each in report.findings if each.rule is deed.rule and expected[name] in f"{each.where} {each.what}"
    ]
    found = [each for each in found if deed.says in each.what]
    assert len(found) == 1, [(each.rule, each.where, each.what) for each in report.findings]
    assert found[0].todo


def test_lifecycle_nothing_else_is_told(drifted: Drifted) -> None:
    report, expected, harmless = drifted
    assert report.failures == ()
    assert report.exit_code == 2
    told = [
        each
        for each in report.findings
        if not any(
            deed.rule is each.rule and expected[name] in f"{each.where} {each.what}" for name, deed in DEEDS.items()
        )
    ]
    # By hand too, as parts of the deeds: the revision that was deployed, and the key behind the alias.
    assert [(each.rule, each.where, each.what) for each in told if each.rule is not Rule.REVISION] == []
    assert not [each.where for each in report.findings for part in harmless if part in each.where]


def test_lifecycle_findings_tell_whose_and_since_when(drifted: Drifted) -> None:
    report, expected, _ = drifted
    by_place = {each.where: each for each in report.findings}
    rule = by_place[expected["adds_a_listener_rule"]]
    assert rule.address == 'module.alb["edge"].aws_lb_listener.https'
    revision = by_place[expected["registers_a_revision"]]
    assert revision.by.endswith(":user/moto")
    assert datetime.fromisoformat(revision.since) > datetime.now(UTC) - timedelta(hours=1)
    bucket = by_place["arn:aws:s3:::adas-experiments"]
    assert (bucket.by, bucket.type, bucket.import_id) == ("ada", "aws_s3_bucket", "adas-experiments")
    retention = next(each for each in report.findings if each.what.endswith("retention_in_days."))
    assert [(each.path, each.before, each.after) for each in retention.attributes] == [("retention_in_days", 14, 1)]


def denied(applied: Applied, operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role without one permission: the call is refused before it is sent."""
    made = examination.client

    def refuse(model: Any, **_: Any) -> None:
        if model.name == operation:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)

    def client(*arguments: Any) -> Any:
        refusing = made(*arguments)
        refusing.meta.events.register("before-call", refuse)
        return refusing

    monkeypatch.setattr(examination, "client", client)


@pytest.mark.long
def test_lifecycle_a_denied_call_fails_and_the_rest_is_examined(
    copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    with copies(ENVIRONMENT) as applied:
        place = Place(applied.emulated, ENVIRONMENT)
        group = DEEDS["makes_a_log_group"].do(place)
        denied(applied, "DescribeRules", monkeypatch)
        report = applied.examine()
    [failure] = report.failures
    assert failure.part == "the parts of what Terraform owns"
    assert "elasticloadbalancing:DescribeRules is denied" in failure.message
    assert [each.where.endswith(group) for each in report.findings] == [True]
    assert report.exit_code == 1


def test_lifecycle_while_something_is_applied_nothing_is_said(copies: Copies, monkeypatch: pytest.MonkeyPatch) -> None:
    with copies(ENVIRONMENT) as applied:
        books = open_books(applied.environment, applied.account)

        def changed(*_: object) -> list[object]:
            state = books.state.document(STATE_KEY) or {}
            body = json.dumps(state | {"serial": state["serial"] + 1})
            applied.emulated.client("s3").put_object(Bucket=books.state.bucket, Key=STATE_KEY, Body=body)
            return []

        monkeypatch.setattr(examination, "_refreshed", changed)
        with pytest.raises(InfraError, match="was changed while it was examined"):
            applied.examine()
        books.ledger.append(Record(Kind.APPLY, ENVIRONMENT, Outcome.UNKNOWN, "ada", "here", "", "2026-01-01T00:00:00"))
        with pytest.raises(InfraError, match=r"is unknown: it is under way"):
            applied.examine()
