"""Which processors tasks run on."""

import os

import pytest

from infra.preflight.platform.processors import Processors


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Processors:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5})
    return Processors()


def test_tasks_of_one_family_are_side_by_side_whatever_starts_between_them(two: Processors) -> None:
    first = two.of("mlflow", 1024)
    two.of("gateway", 512)
    assert {first, two.of("mlflow", 1024)} == {(3,), (5,)}


def test_a_family_does_not_begin_where_the_one_before_did(two: Processors) -> None:
    assert [two.of(family, 256) for family in ("auth", "gateway", "mlflow")] == [(3,), (5,), (3,)]


def test_a_larger_task_gets_what_its_share_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    processors = Processors()
    assert [processors.of("mlflow", 1025) for _ in range(2)] == [(0, 1), (2, 3)]


@pytest.mark.parametrize("units", [0, 2048, 4096])
def test_nothing_is_taken_away_where_there_is_no_more(two: Processors, units: int) -> None:
    assert two.of("mlflow", units) == ()
