"""Whether more requests fail than before: what is decided from the figures, and that it is asked at all."""

import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.verification.error_rate import LEAST_REQUESTS, STEPS, more_than_before
from infra.verification.evidence import Comparison, Traffic
from infra.verification.steps import CheckFailed
from infra.verification.target import Target


def compared(before: tuple[int, int], since: tuple[int, int]) -> Comparison:
    """Errors and requests."""
    return Comparison("the gateway", Traffic(before[1], before[0]), Traffic(since[1], since[0]))


@pytest.mark.parametrize(
    ("before", "since", "worse"),
    [
        # No traffic before: nothing of what was counted since may have failed.
        ((0, 0), (0, 200), False),
        ((0, 0), (1, 200), True),
        ((5, 19), (1, 200), True),
        # Traffic before: a share that may as well be chance is none, one that may not be is.
        ((0, 1000), (0, 1000), False),
        ((0, 1000), (1, 1000), False),
        ((0, 1000), (5, 1000), True),
        ((3, 10_000), (4, 10_000), False),
        ((10, 10_000), (100, 10_000), True),
        ((50, 1000), (50, 1000), False),
        ((50, 1000), (10, 1000), False),
        # Little before and much since, and the other way round: the times' own traffic counts.
        ((0, 20), (5, 10_000), False),
        ((0, 10_000), (2, 200), True),
    ],
)
def test_what_is_a_change_for_the_worse(before: tuple[int, int], since: tuple[int, int], worse: bool) -> None:
    assert more_than_before(compared(before, since)) is worse


@given(st.integers(LEAST_REQUESTS, 10_000), st.integers(1, 10_000), st.data())
def test_a_share_that_is_not_higher_is_never_worse(before: int, since: int, data: st.DataObject) -> None:
    errors = data.draw(st.integers(0, min(before, 300)))
    later = data.draw(st.integers(0, int(since * errors / before)))
    assert not more_than_before(compared((errors, before), (later, since)))


@given(st.integers(LEAST_REQUESTS, 10_000), st.integers(30, 10_000), st.integers(0, 300))
def test_more_errors_since_are_never_less_suspicious(before: int, since: int, errors: int) -> None:
    errors = min(errors, before, since - 1)
    if more_than_before(compared((errors, before), (errors, since))):
        assert more_than_before(compared((errors, before), (errors + 1, since)))


class Registry:
    """Answers everything, and counts."""

    keys = SimpleNamespace(writing="key")
    auth = "auth.x"

    def __init__(self, comparisons: Sequence[Comparison]) -> None:
        self.comparisons, self.asked, self.probed = comparisons, [], 0.0
        self.evidence = SimpleNamespace(traffic=self)

    def ask(self, method: str, path: str, *_: Any, **__: Any) -> Any:
        self.asked.append((time.time(), path))
        return SimpleNamespace(status=200, json={})

    def compared(self, probed: float, least: int) -> Sequence[Comparison]:
        self.probed = probed
        assert sum(at >= probed for at, _ in self.asked) >= 2 * least
        return self.comparisons


def run(*comparisons: Comparison) -> str:
    [step] = STEPS
    return step.check(cast(Target, Registry(comparisons)))


def test_every_place_is_looked_at_and_told() -> None:
    good, bad = compared((0, 100), (0, 100)), compared((0, 0), (2, 40))
    assert run(good) == "at the gateway 0 of 100 (0 %) failed, 0 of 100 (0 %) before"
    with pytest.raises(CheckFailed, match=r"fail than before: at the gateway 2 of 40 \(5 %\) failed, no requests"):
        run(good, bad)
