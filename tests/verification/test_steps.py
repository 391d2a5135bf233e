"""Steps: which run, in which order, and how each ended is told."""

import pytest

from infra.verification.steps import CheckFailed, Outcome, Step, StepResult, Steps


def fail(_target: str) -> str:
    raise CheckFailed("it is broken", remedy="mend it")


def crash(_target: str) -> str:
    raise KeyError("missing")


def see(target: str) -> str:
    return f"saw {target}"


@pytest.fixture
def told() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def steps(told: list[tuple[str, str]]) -> Steps:
    def end(result: StepResult) -> None:
        told.append((result.name, result.outcome))

    return Steps(lambda name, about: told.append((name, "begins")), end)


def test_a_failed_step_ends_only_what_needs_it(steps: Steps) -> None:
    first = Step("first", "f", fail)
    needs_first = Step("second", "s", see, needs=("first",))
    needs_second = Step("third", "t", see, needs=("second",))
    steps.run([first, needs_first, needs_second, Step("other", "o", see)], "the target")
    assert [(result.name, result.outcome, result.seen) for result in steps.results] == [
        ("first", Outcome.FAILED, ""),
        ("second", Outcome.NOT_RUN, "needs first"),
        ("third", Outcome.NOT_RUN, "needs second"),
        ("other", Outcome.PASSED, "saw the target"),
    ]
    assert [result.name for result in steps.failed] == ["first"]


def test_whatever_a_check_raises_is_its_failure(steps: Steps) -> None:
    steps.run([Step("crash", "c", crash, formerly="old.py")], "x")
    [result] = steps.results
    assert isinstance(result.error, KeyError)
    assert (result.outcome, result.formerly) == (Outcome.FAILED, "old.py")


def test_with_fail_fast_nothing_more_is_run(told: list[tuple[str, str]]) -> None:
    steps = Steps(lambda name, about: None, lambda result: None, fail_fast=True)
    steps.run([Step("first", "f", fail), Step("other", "o", see)], "x")
    assert [(result.outcome, result.seen) for result in steps.results] == [
        (Outcome.FAILED, ""),
        (Outcome.NOT_RUN, "needs first"),
    ]
    assert steps.given_up


def test_a_step_that_everything_needs_passes_its_failure_on(steps: Steps) -> None:
    with steps.step("good", "g") as saw:
        saw("one")
        saw("two")
    with pytest.raises(CheckFailed), steps.step("bad", "b"):
        raise CheckFailed("no")
    assert [(result.name, result.outcome, result.seen) for result in steps.results] == [
        ("good", Outcome.PASSED, "one; two"),
        ("bad", Outcome.FAILED, ""),
    ]


def test_an_interrupt_is_no_result(steps: Steps) -> None:
    def interrupt(_target: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        steps.run([Step("long", "l", interrupt), Step("next", "n", see)], "x")
    assert steps.results == []


def test_everything_is_told_as_it_happens(steps: Steps, told: list[tuple[str, str]]) -> None:
    steps.run([Step("a", "a", see), Step("b", "b", fail)], "x")
    assert told == [("a", "begins"), ("a", "passed"), ("b", "begins"), ("b", "failed")]
