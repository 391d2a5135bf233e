"""Following services while ECS replaces their tasks, until that succeeded, was rolled back, or patience ends."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from infra.account.selection import Account
from infra.console import Step
from infra.release.aws_call import NoAnswerError
from infra.release.tasks.deployment import Before, Ending
from infra.release.tasks.ecs import Ecs
from infra.release.tasks.followed_service import FollowedService, ServiceRollout
from infra.release.tasks.task_watch import TaskWatch

# Three tries of the circuit breaker, each with start, health checks and 120 s of draining, and an alarm's bake time.
PATIENCE_SECONDS: Final = 1800.0
_PAUSE_SECONDS: Final = 5.0
_SILENCE_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Rollout:
    """What became of all services that were followed.

    Args:
        services: by the order in which they were given.
    """

    services: tuple[ServiceRollout, ...]

    @property
    def succeeded(self) -> bool | None:
        """Whether every service runs what was applied; None where there is nothing that could run."""
        if any(each.ending is Ending.NOT_FOLLOWED for each in self.services):
            return None
        return all(each.ending is Ending.COMPLETED for each in self.services)

    @property
    def told(self) -> str:
        """In sentences, one a service."""
        return "\n".join(each.told for each in self.services)

    def details(self) -> dict[str, object]:
        """For the ledger: by service."""
        return {each.service: each.details() for each in self.services}


def look(
    account: Account, region: str, cluster: str, services: Sequence[str], ecs: Ecs | None = None
) -> dict[str, Before]:
    """What services are now, to be called before something is applied.

    Args:
        account: whose.
        region: of it.
        cluster: name.
        services: names; those that do not exist are left out.
        ecs: asks; by default the account.

    Returns:
        By name.

    Raises:
        InfraError: ECS did not answer.
    """
    found = (ecs or Ecs.of(account, region)).services(cluster, services)
    return {
        name: Before(
            revision=str(each.get("taskDefinition", "")),
            deployments=tuple(one["id"] for one in each.get("deployments", [])),
            events=frozenset(one["id"] for one in each.get("events", [])),
        )
        for name, each in found.items()
    }


def follow(
    account: Account,
    region: str,
    cluster: str,
    services: Mapping[str, str],
    step: Step,
    *,
    before: Mapping[str, Before] | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
    pause_seconds: float = _PAUSE_SECONDS,
    watch: TaskWatch | None = None,
) -> Rollout:
    """Follow services whose task definition was changed until ECS is done with them.

    Args:
        account: where.
        region: of it.
        cluster: name.
        services: name of the service -> ARN of the revision that Terraform gave it.
        step: told where they stand.
        before: what they were before, as `look` told; a deployment of then is none of now.
        patience_seconds: how long it may take, for all together.
        pause_seconds: between two looks.
        watch: asks; by default the account. In an emulated account nothing runs, and nothing is asked.

    Returns:
        What became of each. Tasks that stop are told, with their last lines, as they do.

    Raises:
        InfraError: ECS refuses to answer, or a service does not exist. What becomes of it nobody knows then.
    """
    known = dict(before or {})
    following = [FollowedService(name, revision, known.get(name, Before())) for name, revision in services.items()]
    if account.emulated and watch is None:
        return Rollout(tuple(each.not_followed() for each in following))
    asked, began = watch or TaskWatch.of(account, region), time.monotonic()
    answered = began
    while True:
        now = time.monotonic()
        try:
            _see_all(asked, cluster, [each for each in following if each.ended is None], now - began)
            answered = now
        except NoAnswerError as error:
            if now - answered >= _SILENCE_SECONDS:
                raise
            step.detail(str(error))
        if all(each.ended for each in following):
            break
        if now - began >= patience_seconds:
            for each in following:
                each.give_up(now - began)
            break
        step.detail(", ".join(f"{each.service} {each.stands.told}" for each in following if each.stands))
        time.sleep(pause_seconds)
    return Rollout(tuple(each.result() for each in following))


def _see_all(watch: TaskWatch, cluster: str, following: Sequence[FollowedService], seconds: float) -> None:
    answers = watch.ecs.services(cluster, [each.service for each in following], required=True)
    for each in following:
        each.see(watch, cluster, answers[each.service], seconds)
