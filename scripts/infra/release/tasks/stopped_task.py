"""Why a task stopped, in plain words, from what DescribeTasks answers; everything here is pure.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html,
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html (stopCode)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.review.reports.text import line

_SCALED: Final = re.compile(r"^Scaling activity initiated by", re.IGNORECASE)
_SAID: Final = 400


@dataclass(frozen=True)
class StoppedTask:
    """A task that stopped without being meant to.

    Args:
        task_id: last part of its ARN.
        revision: its task definition, as in "hokusai-mlflow-staging:7".
        container: the container that it was about; "" when none was started.
        exit_code: of that container; None when it did not run.
        reason: why, and what to do, in plain words.
        said: what ECS says, word for word.
        log: its last lines; not for the ledger, since a program may print anything.
    """

    task_id: str
    revision: str
    container: str
    exit_code: int | None
    reason: str
    said: str
    log: tuple[str, ...] = ()


_PARAMETER: Final = r"(unable to retrieve secret|fetch(ing)? secret|retrieve secrets? from ssm)"

# The first one that occurs in what ECS says explains it. {container} and {code} are filled in.
_EXPLANATIONS: Final[tuple[tuple[str, str], ...]] = (
    # The image -------------------------------------------------------------------------------------------------------
    (
        r"CannotPull.*(manifest unknown|not found|does not exist|Requested image not found)",
        "the image is not in the repository: push it, or deploy a digest that is there",
    ),
    (
        r"CannotPull.*(403 Forbidden|not authorized|AccessDenied|no basic auth|denied)",
        "the image may not be pulled: the execution role needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on it",
    ),
    (
        r"CannotPull.*(platform|no match for|exec format)",
        "the image is built for another processor than the task definition's: build it for linux/amd64",
    ),
    (r"CannotPull.*no space left", "the image does not fit on the task's disk: raise sizes.*.ephemeral_storage_gib"),
    (
        r"CannotPull.*(timeout|dial tcp|no such host|connection refused|context deadline|Client\.Timeout|canceled)",
        "the image cannot be pulled: nothing leads from the task's subnet to ECR and to the layers in S3 (interface "
        "endpoints ecr.api and ecr.dkr, the gateway endpoint of S3, and their security groups)",
    ),
    (r"CannotPull", "the image cannot be pulled"),
    # Secrets and what the agent prepares -----------------------------------------------------------------------------
    (
        _PARAMETER + r".*(AccessDenied|not authorized)",
        "a secret may not be read: the execution role needs ssm:GetParameters (or secretsmanager:GetSecretValue) on it "
        "and kms:Decrypt on its key",
    ),
    (
        _PARAMETER + r".*(ResourceNotFound|can't find|not found|invalid)|invalid ssm parameters",
        "a secret that the task definition names does not exist: look at its ARN and whether it was ever written",
    ),
    (
        _PARAMETER + r".*(timeout|deadline|dial tcp|no such host|canceled)",
        "a secret cannot be read: nothing leads from the task's subnet to SSM, Secrets Manager or KMS (interface "
        "endpoints and their security groups)",
    ),
    (_PARAMETER, "a secret cannot be read"),
    (
        r"unable to retrieve ecr registry auth|registry auth",
        "ECR gives no login: the task's subnet does not reach it, or the execution role lacks "
        "ecr:GetAuthorizationToken",
    ),
    (
        r"(log group|logging driver|logger args|awslogs|create.*log stream|log stream)",
        "the log cannot be written: the log group of the task definition is missing, or the execution role lacks "
        "logs:CreateLogStream and logs:PutLogEvents on it",
    ),
    (
        r"unable to assume.*role|ECS was unable to assume",
        "ECS may not take the task's role: its trust policy must name ecs-tasks.amazonaws.com, and it must exist",
    ),
    # Where it would run ----------------------------------------------------------------------------------------------
    (
        r"insufficient free addresses|InsufficientFreeAddressesInSubnet",
        "the subnet has no free address left: stop other tasks, or give the environment larger subnets",
    ),
    (
        r"network interface|\bENI\b",
        "the task got no network interface: look at the subnet's free addresses and the account's limit of interfaces",
    ),
    (
        r"number of vCPUs|vCPU limit",
        "the account's limit of Fargate vCPUs is reached: ask AWS for more (Service Quotas), or stop other tasks",
    ),
    (
        r"Capacity is unavailable|RESOURCE:|no capacity|unable to place",
        "AWS has no capacity for it right now: wait and deploy again; with Spot alone, add FARGATE to "
        "capacity_providers",
    ),
    (r"Spot", "AWS took the Spot capacity back: ECS starts another one"),
    (r"maintenance on the underlying infrastructure|retire", "AWS renews the machine below: ECS starts another one"),
    # The program -----------------------------------------------------------------------------------------------------
    (
        r"OutOfMemory|memory usage",
        "out of memory: {container} used more than the task has (sizes.*.memory), and was killed",
    ),
    (
        r"CannotStartContainer.*(executable file not found|no such file|permission denied|exec format)",
        "{container} cannot be started: the image lacks the program that entrypoint and command name, or it may not "
        "be executed",
    ),
    (r"CannotStartContainer|CannotCreateContainer|CannotCreateVolume", "{container} cannot be started"),
    (r"ContainerRuntimeTimeout|DockerTimeout|Could not transition", "{container} was not started within ECS's time"),
    (
        r"failed ELB health checks",
        "the load balancer's health check failed: the program runs but does not answer its target group's path in time",
    ),
    (
        r"failed container health checks",
        "its own health check failed: {container} runs but says that it does not work; its log says what",
    ),
    (r"failed to (register|deregister)|ServiceDiscovery|Cloud Map", "it could not be registered in service discovery"),
)

_EXIT_CODES: Final[Mapping[int, str]] = {
    0: "{container} ended by itself, without an error, and was meant to stay",
    126: "{container} may not execute its program (exit code 126)",
    127: "{container} did not find its program (exit code 127)",
    134: "{container} aborted (exit code 134)",
    137: "{container} was killed (exit code 137): out of memory, or it did not stop in time",
    139: "{container} crashed (exit code 139, segmentation fault)",
    143: "{container} was told to stop (exit code 143)",
}


def explain(task: Mapping[str, Any]) -> StoppedTask | None:
    """Why a task stopped.

    Args:
        task: one of `tasks` in the answer of DescribeTasks.

    Returns:
        What happened; None for a task that runs, or that was meant to stop.
    """
    if task.get("lastStatus") != "STOPPED" or not _unwanted(task):
        return None
    container = _culprit(task.get("containers", []))
    code = container.get("exitCode")
    stopped, why = str(task.get("stoppedReason", "")), str(container.get("reason", ""))
    said = "; ".join(dict.fromkeys(each for each in (stopped, why) if each))
    name = str(container.get("name", "")) or "the container"
    return StoppedTask(
        task_id=str(task["taskArn"]).rpartition("/")[2],
        revision=str(task.get("taskDefinitionArn", "")).rpartition("/")[2],
        container=str(container.get("name", "")),
        exit_code=code,
        reason=_reason(f"{stopped} {why}", code, str(task.get("stopCode", ""))).format(container=name, code=code),
        said=line(said, _SAID),
    )


def _unwanted(task: Mapping[str, Any]) -> bool:
    return not _SCALED.search(str(task.get("stoppedReason", "")))


def _culprit(containers: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The container that the end was about: one with a reason, else one that failed, else the first."""
    if not containers:
        return {}
    return min(containers, key=lambda each: (not each.get("reason"), not each.get("exitCode"), each.get("name", "")))


def _reason(said: str, code: int | None, stop_code: str) -> str:
    for pattern, words in _EXPLANATIONS:
        if re.search(pattern, said, re.IGNORECASE | re.DOTALL):
            return words
    if code is not None:
        return _EXIT_CODES.get(code, "{container} ended with an error (exit code {code}); its log says why")
    if stop_code == "UserInitiated":
        return "somebody stopped it"
    return "it was not started" if stop_code == "TaskFailedToStart" else "it stopped"
