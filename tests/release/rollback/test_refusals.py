"""A rollback never loses data and never starts an MLflow on a schema that it does not understand."""

import pytest

from infra.errors import InfraError
from infra.release.ledger.entry import Entry, Kind, Outcome
from infra.release.rollback.refusals import SCHEMA_UNCHANGED, require_nothing_lost, require_schema
from infra.release.rollback.target import choose
from infra.review.model import Risk
from tests.release.ledger.samples import chained, record, state
from tests.review.gates.making import a_change, a_review

OLD, NEW = ("r/mlflow@sha256:old", "r/mlflow@sha256:new")


def entries(schema_then: str, schema_now: str, *, image: str = NEW, begun: bool = False) -> list[Entry]:
    """An MLflow deployed and migrated, then another one."""

    def deploy(number: int, deployed: str, schema: str) -> list[Entry]:
        migrated = {"schema": schema, "migration": {"image": deployed}} if schema else {}
        fields = {"images": {"mlflow": deployed}, "commit": f"{number}" * 40, "clean": True, "state": state(number)}
        return [
            record(Kind.DEPLOY, **fields, details={"migrates": deployed} if begun else {}),
            record(Kind.DEPLOY, Outcome.SUCCEEDED, **fields, closes=number, details=migrated),
        ]

    return chained([*deploy(1, OLD, schema_then), *deploy(3, image, schema_now)])


def asked(ledger: list[Entry], confirmation: str = "") -> str:
    target = choose(ledger, 0, "staging", lambda one, other: one == other)
    return require_schema(target, ledger, "staging", confirmation)


def test_an_mlflow_that_stays_has_its_schema() -> None:
    assert "its image stays" in asked(entries("a1", "", image=OLD))


def test_the_same_schema() -> None:
    assert "(a1) is the one that the earlier MLflow needs" in asked(entries("a1", "a1"))


@pytest.mark.parametrize("confirmation", ["", SCHEMA_UNCHANGED])
def test_a_migration_is_not_gone_back_over(confirmation: str) -> None:
    with pytest.raises(InfraError, match="was migrated to schema b2 since entry 2") as error:
        asked(entries("a1", "b2"), confirmation)
    assert "docs/rollback.md" in str(error.value)


@pytest.mark.parametrize(("then", "now"), [("", "b2"), ("a1", ""), ("", "")])
def test_what_nobody_wrote_down_somebody_vouches_for(then: str, now: str) -> None:
    unknown = entries(then, now, begun=True)
    with pytest.raises(InfraError, match=f"CONFIRM={SCHEMA_UNCHANGED}"):
        asked(unknown)
    assert "vouched" in asked(unknown, SCHEMA_UNCHANGED)


def test_a_plan_that_loses_data_is_refused() -> None:
    with pytest.raises(InfraError, match="Going back would lose data") as error:
        require_nothing_lost(a_review(a_change(Risk.PLAIN), a_change(Risk.OUTAGE, Risk.DATA_LOSS)))
    assert "aws_s3_bucket.this" in str(error.value)


@pytest.mark.parametrize("risk", [risk for risk in Risk if risk is not Risk.DATA_LOSS])
def test_a_plan_that_loses_nothing_goes_on(risk: Risk) -> None:
    require_nothing_lost(a_review(a_change(risk)))
