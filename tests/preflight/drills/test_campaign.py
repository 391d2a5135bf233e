"""Drills are run on a platform that works, and never left out without a word."""

from typing import cast

from infra.preflight.drills.campaign import DRILLS, run_drills
from infra.preflight.drills.report import DrillReport
from infra.preflight.use import Running
from infra.verification.steps import Outcome, Step, Steps


def test_after_a_failed_journey_each_drill_is_said_not_to_be_run() -> None:
    def fail(_target: None) -> str:
        raise ValueError

    steps = Steps(lambda *_: None, lambda *_: None)
    steps.run([Step("artifacts", "It works", fail)], None)
    reports: list[DrillReport] = []
    run_drills(cast(Running, None), steps, reports)
    left_out = steps.results[1:]
    assert [each.name for each in left_out] == [*(drill.name for drill in DRILLS), "nothing-lost"]
    assert {(each.outcome, each.seen) for each in left_out} == {(Outcome.NOT_RUN, "needs artifacts")}
    assert not reports
