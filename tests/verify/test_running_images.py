"""What is said to have been verified: the images of the running services, if they stayed the same."""

from types import SimpleNamespace
from typing import cast

import pytest

from infra.verification.steps import CheckFailed
from infra.verification.target import Target
from infra.verify.running_images import RunningImages
from tests.verification.recorded import RecordedAccount, services, with_definition, with_services

IMAGE = "1.dkr.ecr.us-east-1.amazonaws.com/hokusai/{}@sha256:{}"


def running(*digests: str) -> tuple[RunningImages, Target]:
    """One look after another, each finding the gateway with the next digest."""
    account = RecordedAccount()
    for digest in digests:
        with_services(account, services("gateway"))
        with_definition(account, "gateway", IMAGE.format("gateway", digest))
    return RunningImages(), cast(Target, SimpleNamespace(account=account, cluster="hokusai-x", environment="x"))


def test_images_are_those_of_the_services_own_containers() -> None:
    images, target = running("aa", "aa")
    first, last = images.steps
    assert first.check(target) == "gateway gateway@sha256:aa"
    assert images.images == {"gateway": IMAGE.format("gateway", "aa")}
    assert images.task_definitions == {"gateway": "arn:aws:ecs:us-east-1:1:task-definition/hokusai-gateway-x:7"}
    assert last.check(target) == "1 services"


def test_a_deployment_meanwhile_is_noticed() -> None:
    images, target = running("aa", "bb")
    first, last = images.steps
    first.check(target)
    with pytest.raises(CheckFailed, match="Something else runs than at the beginning: gateway"):
        last.check(target)
    assert images.images == {"gateway": IMAGE.format("gateway", "aa")}


def test_nothing_is_nothing_that_could_be_verified() -> None:
    account = RecordedAccount().answers("ecs", "list_services", {"serviceArns": []})
    target = SimpleNamespace(account=account, cluster="hokusai-x", environment="x")
    with pytest.raises(CheckFailed, match="No service runs in the cluster hokusai-x"):
        RunningImages().steps[0].check(cast(Target, target))
