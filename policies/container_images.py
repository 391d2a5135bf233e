"""What runs is what was reviewed: images are named by digest, containers are known at plan."""

import re
from collections.abc import Iterator

from infra.policies.containers import containers
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def _check(plan: Plan) -> Iterator[Violation]:
    for task in plan.of_type("aws_ecs_task_definition"):
        if not task.values.get("container_definitions"):
            yield Violation(task.address, "its containers are known only after apply, so nobody can review them")
    for container in containers(plan):
        if not _DIGEST.search(container.image):
            yield Violation(container.task.address, f"container {container.name} runs an image that is no digest")


POLICY = Policy(
    id="HOK_IMAGE",
    title="Images are pinned by digest",
    severity=Severity.HIGH,
    remedy="Write <repository>@sha256:<digest>; a tag can be moved to another image after the review.",
    check=_check,
)
