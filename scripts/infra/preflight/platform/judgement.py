"""What is wrong although everything runs: refused connections, denied calls, connections that are closed too early."""

from collections.abc import Sequence

from infra.preflight.platform.images import image_for
from infra.preflight.platform.listeners import LoadBalancer
from infra.preflight.platform.model import AwsCall, PlatformFailure, Refusal, Task
from infra.preflight.platform.services import Service


def judge(refusals: Sequence[Refusal], calls: Sequence[AwsCall], tasks: Sequence[Task]) -> None:
    """Whether everything that tasks did is allowed.

    Args:
        refusals: refused connections.
        calls: calls of AWS APIs.
        tasks: all tasks.

    Raises:
        PlatformFailure: the first that is not, and how many more there are.
    """
    by_id = {task.id: task for task in tasks}
    denied = [call for call in calls if not call.allowed]
    refused = [refusal for refusal in refusals if refusal.kind == "rule"]
    more = f" (and {len(denied) + len(refused) - 1} more)" if len(denied) + len(refused) > 1 else ""
    if refused:
        first = refused[0]
        raise PlatformFailure(
            f"The network refuses {first.source} the connection to {first.destination}, port {first.port}: "
            f"{first.reason}{more}.",
            arn=first.arn,
            attribute="security_group_rules",
            task=by_id.get(first.task_id or ""),
            remedy="Add the connection to environments/stack/network.tf, or remove what wants it.",
        )
    if denied:
        call = denied[0]
        raise PlatformFailure(
            f"{call.role_arn.rpartition('/')[2]} may not {call.action} on {call.resource}: {call.reason}{more}.",
            arn=call.blame,
            attribute="policy",
            task=by_id.get(call.task_id or ""),
            remedy=f"Allow {call.action} on {call.resource}, or remove what calls it.",
        )


def keeps_connections(service: Service, balancers: Sequence[LoadBalancer]) -> None:
    """Whether a service keeps idle connections longer than the load balancers in front of it.

    Raises:
        PlatformFailure: it does not; requests would be sent into connections that it is closing.
    """
    groups = {balanced.target_group for balanced in service.definition.balanced}
    for balancer in balancers:
        rules = [rule for listener in balancer.listeners for rule in (*listener.rules.values(), listener.default)]
        if not groups & {arn for rule in rules for arn, _ in rule.forwards_to}:
            continue
        for container in service.current.containers:
            variable = image_for(container.image).keep_alive_variable
            seconds = container.environment.get(variable)
            if seconds is not None and float(seconds) <= balancer.idle_seconds:
                raise PlatformFailure(
                    f"{service.definition.name} closes idle connections after {float(seconds):g} s ({variable}), and "
                    f"{balancer.name} keeps them for {balancer.idle_seconds:g} s: requests now and then end with 502.",
                    arn=service.definition.task_definition,
                    attribute="container_definitions",
                    remedy=f"Set {variable} above the idle timeout of the load balancer.",
                )
