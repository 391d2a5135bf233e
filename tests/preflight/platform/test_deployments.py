"""A service that changes in the account is deployed as ECS does it: rolling, or back again."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

from infra.preflight.platform.container import Container
from tests.preflight.platform.small import STEADY_SECONDS, Running, Small

_ENDS = ["python", "-c", "raise SystemExit(9)"]


class _Load:
    """A client that asks all the time."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.answers: list[tuple[int, str]] = []

    def __enter__(self) -> "_Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._ended.is_set():
            answer = self._running.ask("/?sleep=0.2")
            self.answers.append((answer.status, answer.json["task"] if answer.status == 200 else ""))


def test_a_good_revision_replaces_the_old_one_without_a_lost_request(small: Small, tmp_path: Path) -> None:
    with small.running(tmp_path) as running, _Load(running) as load:
        old = running.task("web")
        small.redefine("web", variables={"NEW": "1"})
        running.platform.refresh()
        running.platform.wait_until_steady(STEADY_SECONDS)
        new = running.task("web")
        assert (new.revision, old.state) == (old.revision + 1, "STOPPED")
        assert old.exit_code == 0
        before = len(load.answers)
        while len(load.answers) < before + 3:
            time.sleep(0.05)
    assert {status for status, _ in load.answers} == {200}
    assert len({task for _, task in load.answers}) == 2


@pytest.mark.parametrize("seconds_to_clear_away", [0, 0.5], ids=["at once", "slowly"])
def test_the_circuit_breaker_rolls_a_broken_revision_back(
    small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds_to_clear_away: float
) -> None:
    kill = Container.kill

    async def clear_away(container: Container) -> int:
        await asyncio.sleep(seconds_to_clear_away)
        return await kill(container)

    monkeypatch.setattr(Container, "kill", clear_away)
    with small.running(tmp_path) as running, _Load(running) as load:
        old = running.task("web")
        small.redefine("web", entryPoint=_ENDS)
        running.platform.refresh()
        deadline = time.monotonic() + STEADY_SECONDS
        while not any("rolled back to web:" in event.text for event in running.platform.events):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        running.platform.wait_until_steady(STEADY_SECONDS)
        assert running.task("web") is old
        failed = [task for task in running.platform.tasks if task.exit_code == 9]
        assert len(failed) == 3, "none is started before the failure of the one before is known"
        services = small.client("ecs").describe_services(cluster="small", services=["web"])["services"]
        assert services[0]["taskDefinition"] == old.task_definition_arn
    assert {status for status, _ in load.answers} == {200}


def test_what_dies_is_replaced(small: Small, tmp_path: Path) -> None:
    with small.running(tmp_path) as running:
        old = running.task("web")
        running.platform.kill(old)
        deadline = time.monotonic() + STEADY_SECONDS
        while old.state != "STOPPED":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert old.exit_code == 137
        running.platform.wait_until_steady(STEADY_SECONDS)
        assert running.task("web") is not old
        assert running.ask("/").status == 200


def test_with_a_minimum_of_nothing_the_old_tasks_end_before_others_are_there(small: Small, tmp_path: Path) -> None:
    ecs = small.client("ecs")
    breaker = {"enable": True, "rollback": True}
    lax = {"maximumPercent": 200, "minimumHealthyPercent": 0, "deploymentCircuitBreaker": breaker}
    ecs.update_service(cluster="small", service="web", deploymentConfiguration=lax)
    with small.running(tmp_path) as running, _Load(running) as load:
        small.redefine("web", variables={"NEW": "1"})
        running.platform.refresh()
        running.platform.wait_until_steady(STEADY_SECONDS)
    assert 503 in {status for status, _ in load.answers}


def test_without_a_circuit_breaker_a_broken_revision_stays_on_its_way(small: Small, tmp_path: Path) -> None:
    ecs = small.client("ecs")
    without = {"maximumPercent": 200, "minimumHealthyPercent": 100}
    ecs.update_service(
        cluster="small",
        service="web",
        deploymentConfiguration={**without, "deploymentCircuitBreaker": {"enable": False, "rollback": False}},
    )
    with small.running(tmp_path) as running:
        old = running.task("web")
        small.redefine("web", entryPoint=_ENDS)
        running.platform.refresh()
        deadline = time.monotonic() + STEADY_SECONDS
        while len([task for task in running.platform.tasks if task.exit_code == 9]) < 4:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        while running.task("web") is not old:  # the next one that breaks runs for a moment
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert not any("rolled back" in event.text for event in running.platform.events)
