"""Drills are run on a platform that works, and never left out without a word."""

from typing import cast

import pytest

from infra.errors import InfraError
from infra.preflight.drills.campaign import DRILLS, chosen_drills, run_drills
from infra.preflight.drills.report import DrillReport
from infra.preflight.use import Running
from infra.verification.steps import Outcome, Step, Steps


def test_after_a_failed_journey_each_drill_is_said_not_to_be_run() -> None:
    def fail(_target: None) -> str:
        raise ValueError

    steps = Steps(lambda *_: None, lambda *_: None)
    steps.run([Step("artifacts", "It works", fail)], None)
    reports: list[DrillReport] = []
    run_drills(DRILLS, cast(Running, None), steps, reports)
    left_out = steps.results[1:]
    assert [each.name for each in left_out] == [*(drill.name for drill in DRILLS), "nothing-lost"]
    assert {(each.outcome, each.seen) for each in left_out} == {(Outcome.NOT_RUN, "needs artifacts")}
    assert not reports


def test_drills_are_chosen_by_name_and_done_in_their_order() -> None:
    assert chosen_drills("") == ()
    assert chosen_drills("1") == DRILLS
    assert [each.name for each in chosen_drills("rollback, kill-mlflow,")] == ["kill-mlflow", "rollback"]


@pytest.mark.parametrize("wanted", ["kill-mlflow,stop-gateway", ",", "yes"])
def test_a_drill_that_is_not_there_is_refused(wanted: str) -> None:
    with pytest.raises(InfraError, match=r"The drills are: kill-mlflow, kill-gateway, .* DRILLS=1 does them all"):
        chosen_drills(wanted)
