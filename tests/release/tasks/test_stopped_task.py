"""Why a task stopped, in plain words: each of ECS's texts that a person of this platform meets."""

# ruff: noqa: E501 - ECS's texts stand here word for word

from typing import Any

import pytest

from infra.release.tasks.stopped_task import explain
from tests.release.ecs_answers import task

IMAGE = "444455556666.dkr.ecr.us-east-1.amazonaws.com/hokusai/mlflow@sha256:" + "a" * 64
AUTH = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "


def explained(reason: str, **fields: Any) -> str:
    stopped = explain(task(1, reason, **fields))
    assert stopped
    return stopped.reason


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (f"CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {IMAGE}: {IMAGE}: not found", "is not in the repository"),
        ("CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref: unexpected status from HEAD request: 403 Forbidden", "may not be pulled"),
        (f'CannotPullContainerError: ref pull has been retried 5 time(s): failed to do request: Head "https://{IMAGE}": dial tcp 10.0.3.17:443: i/o timeout', "cannot be pulled: nothing leads"),
        ("CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'", "another processor"),
        ("CannotPullContainerError: write /var/lib/containerd: no space left on device", "ephemeral_storage_gib"),
        (AUTH + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::1:assumed-role/x is not authorized to perform: ssm:GetParameters", "secret may not be read"),
        (AUTH + "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:x: ResourceNotFoundException: Secrets Manager can't find the specified secret.", "does not exist"),
        (AUTH + "unable to retrieve secret from asm: service call has been retried 5 time(s): RequestCanceled: request context canceled caused by: context deadline exceeded", "a secret cannot be read: nothing leads"),
        (AUTH + 'unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post "https://api.ecr.us-east-1.amazonaws.com/": dial tcp 1.2.3.4:443: i/o timeout', "ECR gives no login"),
        ("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.", "log cannot be written"),
        ("ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task.", "trust policy"),
        ("Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled in subnet 'subnet-1': InsufficientFreeAddressesInSubnet", "no free address"),
        ("Timeout waiting for network interface provisioning to complete.", "no network interface"),
        ("Capacity is unavailable at this time. Please try again later or in a different availability zone", "no capacity"),
        ("You've reached the limit on the number of vCPUs you can run concurrently", "limit of Fargate vCPUs"),
        ("Your Spot Task was interrupted.", "Spot capacity"),
    ],
)  # fmt: skip
def test_what_did_not_start(reason: str, words: str) -> None:
    assert words in explained(reason)


EXITED = "Essential container in task exited"


@pytest.mark.parametrize(
    ("reason", "container", "words"),
    [
        (EXITED, {"exitCode": 1}, "mlflow ended with an error (exit code 1)"),
        (EXITED, {"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}, "out of memory: mlflow used more"),
        (EXITED, {"exitCode": 137}, "was killed (exit code 137)"),
        (EXITED, {"exitCode": 127}, "did not find its program"),
        (EXITED, {"exitCode": 0}, "ended by itself"),
        (EXITED, {"exitCode": 139}, "crashed"),
        ("Task failed to start", {"reason": 'CannotStartContainerError: exec: "serv": executable file not found in $PATH'}, "lacks the program"),
        ("Task failed container health checks", {"exitCode": 143}, "its own health check failed: mlflow"),
        ("Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:x:targetgroup/y/z)", {"exitCode": 143}, "load balancer's health check"),
    ],
)  # fmt: skip
def test_what_started_and_ended(reason: str, container: dict[str, Any], words: str) -> None:
    assert words in explained(reason, container=container, stopCode="EssentialContainerExited")


def test_tasks_that_were_meant_to_stop_are_no_failures() -> None:
    scaled = "Scaling activity initiated by (deployment ecs-svc/2222222222)"
    assert explain(task(1, scaled, stopCode="ServiceSchedulerInitiated", container={"exitCode": 143})) is None
    assert explain(task(1, "", lastStatus="RUNNING")) is None


def test_what_ecs_said_stays_beside_it() -> None:
    stopped = explain(task(3, EXITED, container={"exitCode": 137, "reason": "OutOfMemoryError: \x1b[2J"}))
    assert stopped
    assert stopped.said == rf"{EXITED}; OutOfMemoryError: \x1b[2J"
    assert (stopped.task_id, stopped.revision, stopped.exit_code) == (f"{3:032x}", "hokusai-mlflow-staging:7", 137)


def test_a_reason_that_nobody_knows_yet() -> None:
    assert explained("Something new.") == "it was not started"
    assert explained("Task stopped by ada", stopCode="UserInitiated") == "somebody stopped it"


def test_the_container_that_it_was_about() -> None:
    innocent = {"name": "agent", "exitCode": 0}
    guilty = {"name": "mlflow", "exitCode": 1}
    stopped = explain(task(1, EXITED) | {"containers": [innocent, guilty]})
    assert stopped
    assert stopped.container == "mlflow"
