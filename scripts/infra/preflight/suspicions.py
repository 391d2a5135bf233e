"""Which resource is behind what a client got: the rule that sent its request nowhere, the policy, the network."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from infra.preflight.observed import Observed
from infra.preflight.origins import Origins
from infra.preflight.platform.model import AwsCall, Exchange, Refusal, Task
from infra.verification.steps import CheckFailed

# Who serves a public host, by its first label (docs/decisions/0001).
_SERVED_BY = {"registry": "hokusai-gateway", "auth": "hokusai-auth"}
_DNS_PORT = 53
_BEHIND_THE_GATEWAY = (("MLflow", "hokusai-mlflow"), ("API keys cannot be checked", "hokusai-auth"))


@dataclass(frozen=True)
class Suspicion:
    """What may be behind a failure.

    Args:
        arn: resource to blame.
        attribute: of it.
        because: a sentence that follows the message.
        remedy: what to change.
        task_id: whose log tells more.
    """

    arn: str = ""
    attribute: str = ""
    because: str = ""
    remedy: str = ""
    task_id: str | None = None


def _answering_service(tasks: Iterable[Task], exchange: Exchange) -> str | None:
    task = _answering(tasks, exchange)
    return task.service if task else None


def _answering(tasks: Iterable[Task], exchange: Exchange | None) -> Task | None:
    return next((task for task in tasks if exchange and task.id == exchange.task_id), None)


class Seen:
    """What was seen at the platform since a step began.

    Args:
        observed: the platform.
        since: when the step began, seconds since the epoch.
    """

    def __init__(self, observed: Observed, since: float) -> None:
        self._observed = observed
        self._exchanges = [each for each in observed.exchanges if each.time >= since - 0.05]
        self._denied = [each for each in observed.aws_calls if not each.allowed]
        self._refusals = list(observed.refusals)

    def suspicion(self, error: BaseException | None, origins: Origins) -> Suspicion:
        """What is most likely behind a failure.

        Args:
            error: what the step raised.
            origins: where resources come from.

        Returns:
            The suspicion; without a resource when nothing points at one.
        """
        exchange = self._failed_exchange(error)
        if exchange and exchange.target is None:
            return self._of_front_door(exchange, origins)
        # The program behind the rule answered with an error: what it was refused is the nearest cause.
        if self._denied:
            return _of_denied(self._denied[0])
        if self._refusals:
            return _of_refusal(self._refusals[0])
        return self._of_program(exchange, error)

    def refused_to(self, task: Task) -> Suspicion | None:
        """What a task, or one of the same family before it, was not allowed: nearer than that it ended.

        Args:
            task: which ended.

        Returns:
            The suspicion; None when nothing was refused.
        """
        family = {each.id for each in self._observed.tasks if each.family == task.family}
        denied = [_of_denied(call) for call in self._denied if call.task_id in family]
        refused = [_of_refusal(refusal) for refusal in self._refusals if refusal.task_id in family]
        found = [*denied, *refused]
        return replace(found[0], task_id=task.id) if found else None

    def failed_exchange_described(self) -> str:
        """The last request that went wrong at the front door, as text; "" when none did."""
        exchange = self._failed_exchange(None)
        if exchange is None:
            return ""
        by = exchange.reason or f"{exchange.action} by {exchange.rule_arn or 'the default action'}"
        return f"{exchange.method} {exchange.scheme}://{exchange.host}{exchange.path}\n{exchange.status} ({by})"

    def _failed_exchange(self, error: BaseException | None) -> Exchange | None:
        """The request of a failed check, or the last one that went wrong."""
        if isinstance(error, CheckFailed) and error.exchange:
            path = error.exchange.url.partition("://")[2].partition("/")[2]
            asked = [
                each
                for each in self._exchanges
                if each.method == error.exchange.method and each.path.lstrip("/") == path
            ]
            if asked:
                return asked[-1]
        wrong = [each for each in self._exchanges if each.reason or (each.status or 0) >= 400]
        return wrong[-1] if wrong else None

    def _of_program(self, exchange: Exchange | None, error: BaseException | None) -> Suspicion:
        """Nothing was refused to the program that answered: what it was started with is what is left.

        The gateway says in its answers whether what is behind it failed (services/gateway/README.md).
        """
        answer = error.exchange if isinstance(error, CheckFailed) else None
        said = answer.body.decode(errors="replace") if answer else ""
        behind = next((service for words, service in _BEHIND_THE_GATEWAY if words in said), None)
        tasks = [task for task in self._observed.tasks if task.service == behind]
        task = tasks[-1] if tasks else _answering(self._observed.tasks, exchange)
        if task is None:
            return Suspicion()
        wanted = _SERVED_BY.get(exchange.host.partition(".")[0]) if exchange else None
        if exchange and exchange.rule_arn and wanted not in (None, _answering_service(self._observed.tasks, exchange)):
            return Suspicion(
                exchange.rule_arn,
                "action",
                because=f"The rule sends requests of host {exchange.host} to {task.service} instead of {wanted}.",
                remedy="Give the rule the target group of that service.",
            )
        return Suspicion(
            task.task_definition_arn,
            "container_definitions",
            because=f"The answer is that of {task.service or task.family}, and nothing was refused to it.",
            remedy="Look at its settings below, and at the program itself: its log says what it made of them.",
            task_id=task.id,
        )

    def _of_front_door(self, exchange: Exchange, origins: Origins) -> Suspicion:
        where = f"{exchange.path.partition('?')[0]} of host {exchange.host}"
        if exchange.target_group_arn:
            states = [each for each in self._observed.targets if each.target_group_arn == exchange.target_group_arn]
            said = "; ".join(f"{each.target} is {each.state} {each.reason}".strip() for each in states)
            return Suspicion(
                exchange.target_group_arn,
                because=f"The load balancer says: {exchange.reason or 'no answer'}. Targets: {said or 'none'}.",
                remedy="Look at its port and health check, and at the service that registers in it.",
            )
        if exchange.rule_arn:
            return Suspicion(
                exchange.rule_arn,
                because=f"The rule itself answers {where} ({exchange.action}).",
                remedy="Let the rule forward, or give what it takes to another rule with a lower priority.",
            )
        nearest = origins.rule_for(exchange.listener_arn, exchange.host)
        return Suspicion(
            nearest or exchange.listener_arn,
            "condition",
            because=f"No listener rule sends {where} anywhere: the listener's default action answers.",
            remedy=f"Add a path pattern for {exchange.path.partition('?')[0]} to the rule of that host.",
        )


def _of_denied(call: AwsCall) -> Suspicion:
    return Suspicion(
        call.blame or call.role_arn,
        "policy",
        because=f"{call.role_arn.rpartition('/')[2]} may not {call.action} on {call.resource}: {call.reason}.",
        remedy=f"Allow {call.action} on {call.resource} there.",
        task_id=call.task_id,
    )


def _of_refusal(refusal: Refusal) -> Suspicion:
    if refusal.port == _DNS_PORT:
        return Suspicion(
            refusal.arn,
            because=f"{refusal.source} finds no address for {refusal.destination}: {refusal.reason}.",
            remedy="Attach an ECS service to that name (service_registries), and keep its tasks healthy.",
            task_id=refusal.task_id,
        )
    return Suspicion(
        refusal.arn,
        because=(
            f"{refusal.source} may not connect to {refusal.destination} ({refusal.address}:{refusal.port}): "
            f"{refusal.reason}."
        ),
        remedy=f"Add the connection {refusal.source} to {refusal.destination}, port {refusal.port}, to "
        "local._connections in environments/stack/network.tf.",
        task_id=refusal.task_id,
    )
