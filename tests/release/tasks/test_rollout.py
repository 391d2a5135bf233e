"""Following services: to success, to ECS's own rollback, to the end of patience; what failed is told as it happens."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from infra.console import Step
from infra.errors import InfraError
from infra.release.tasks import rollout as rollouts
from infra.release.tasks.deployment import Before, Ending
from infra.release.tasks.ecs import Ecs
from infra.release.tasks.rollout import Rollout, follow, look
from tests.release import ecs_answers as ecs
from tests.release.test_connection import ACCOUNT

KNOWN = {ecs.SERVICE: Before(ecs.OLD, (ecs.OLD_DEPLOYMENT,))}
NO_ANSWER = EndpointConnectionError(endpoint_url="https://ecs.us-east-1.amazonaws.com")


def followed(client: ecs.EcsClient, streams: dict[str, list[str]] | None = None, **options: Any) -> Rollout:
    return follow(
        ACCOUNT,
        "us-east-1",
        ecs.CLUSTER,
        {ecs.SERVICE: ecs.NEW},
        Step("t"),
        **({"before": KNOWN, "pause_seconds": 0, "watch": ecs.watch(client, streams)} | options),
    )


def test_success() -> None:
    rollout = followed(ecs.EcsClient([ecs.BEGUN, ecs.HALFWAY, ecs.DONE]))
    assert rollout.succeeded is True
    [one] = rollout.services
    assert (one.before, one.revision, one.deployment) == (
        "hokusai-mlflow-staging:6",
        "hokusai-mlflow-staging:7",
        ecs.NEW_DEPLOYMENT,
    )
    assert (one.ending, one.desired, one.running, one.failed) == (Ending.COMPLETED, 2, 2, ())
    assert (
        rollout.told
        == "hokusai-mlflow completed (hokusai-mlflow-staging:6 -> hokusai-mlflow-staging:7, 2 of 2 tasks run)"
    )


def test_the_circuit_breaker(capsys: pytest.CaptureFixture[str]) -> None:
    exited = {"stopCode": "EssentialContainerExited", "container": {"exitCode": 1}}
    tasks = [
        *(ecs.task(number, "Essential container in task exited", **exited) for number in (1, 2, 3, 4)),
        ecs.task(5, "Essential container in task exited", definition=ecs.OLD, **exited),
        ecs.task(6, "Essential container in task exited", startedBy="ecs-svc/5", **exited),
        ecs.task(7, "Scaling activity initiated by (deployment ecs-svc/2222222222)"),
    ]
    streams = {f"mlflow/mlflow/{1:032x}": ["starting", "no such table\x1b[2J"]}
    rollout = followed(ecs.EcsClient([ecs.BEGUN, ecs.FAILING, ecs.GOING, ecs.GONE_BACK], tasks), streams)
    assert rollout.succeeded is False
    [one] = rollout.services
    assert (one.ending, one.reason) == (Ending.ROLLED_BACK, ecs.BREAKER)
    assert [task.task_id for task in one.failed] == [f"{number:032x}" for number in (1, 2, 3, 4)]
    assert one.failed[0].log == ("starting", r"no such table\x1b[2J")
    assert one.told.count("mlflow ended with an error (exit code 1)") == 1, "a reason is told once"
    said = capsys.readouterr().err
    assert r"| no such table\x1b[2J" in said
    assert said.count("stopped: mlflow ended with an error") == 4
    assert "no such table" not in str(one.details()), "a program's lines may hold anything: they stay out of the ledger"


def test_gone_back_between_two_looks() -> None:
    [one] = followed(ecs.EcsClient([ecs.BEGUN, ecs.GONE_BACK])).services
    assert one.ending is Ending.ROLLED_BACK


def test_patience_ends(capsys: pytest.CaptureFixture[str]) -> None:
    unable = f"(service {ecs.SERVICE}) was unable to place a task. Reason: Capacity is unavailable at this time."
    begun = ecs.BEGUN | {"events": [{"id": "e2", "message": unable}, {"id": "e1", "message": "older"}]}
    before = {ecs.SERVICE: replace(KNOWN[ecs.SERVICE], events=frozenset({"e1"}))}
    rollout = followed(ecs.EcsClient([begun]), before=before, patience_seconds=0)
    [one] = rollout.services
    assert (rollout.succeeded, one.ending, one.events) == (False, Ending.TIMED_OUT, (unable,))
    assert "0 of 2 tasks run" in one.reason
    assert unable in capsys.readouterr().err


def test_a_short_silence_is_bridged() -> None:
    throttled = ecs.client_error("ThrottlingException")
    assert followed(ecs.EcsClient([ecs.BEGUN, NO_ANSWER, throttled, ecs.client_error("X", 503), ecs.DONE])).succeeded


def test_a_long_silence_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollouts, "_SILENCE_SECONDS", 0)
    with pytest.raises(InfraError, match="ecs:DescribeServices did not answer"):
        followed(ecs.EcsClient([NO_ANSWER]))


def test_a_refusal_ends_it_at_once() -> None:
    with pytest.raises(InfraError, match=r"ecs:DescribeServices was refused.*AccessDenied"):
        followed(ecs.EcsClient([ecs.client_error("AccessDeniedException")]))


@pytest.mark.parametrize("answer", [{}, ecs.client_error("ClusterNotFoundException")])
def test_a_service_that_is_not_there(answer: Any) -> None:
    with pytest.raises(InfraError, match="has no service hokusai-mlflow"):
        followed(ecs.EcsClient([answer]))


def test_an_emulated_account_runs_nothing() -> None:
    emulated = replace(ACCOUNT, emulated=object())  # type: ignore[arg-type]
    rollout = follow(emulated, "us-east-1", ecs.CLUSTER, {ecs.SERVICE: ecs.NEW}, Step("t"), before=KNOWN)
    assert rollout.succeeded is None
    assert rollout.told == (
        "hokusai-mlflow not followed (hokusai-mlflow-staging:6 -> hokusai-mlflow-staging:7): an emulated account runs "
        "nothing"
    )


def test_what_was_before() -> None:
    answers = ecs.EcsClient([ecs.BEFORE | {"events": [{"id": "e1", "message": "steady"}]}, {}])
    for expected in ({ecs.SERVICE: Before(ecs.OLD, (ecs.OLD_DEPLOYMENT,), frozenset({"e1"}))}, {}):
        assert look(ACCOUNT, "us-east-1", ecs.CLUSTER, [ecs.SERVICE], Ecs(answers)) == expected
