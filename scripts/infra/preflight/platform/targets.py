"""Target groups as applied: who is registered, and whether their health checks pass.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html: a new target is
healthy after one passed check; after that the thresholds decide; without a healthy target the unhealthy ones are used.
"""

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform import streaming
from infra.preflight.platform.model import TargetHealth
from infra.preflight.platform.network import Network, Place
from infra.preflight.platform.record import Record

_LEAST_INTERVAL = 0.3
_DELAY_SECONDS = 300  # what AWS takes when nobody says anything


@dataclass(eq=False)
class Target:
    """A registered task.

    Args:
        address: its loopback address.
        port: port that it is registered with.
        task_id: the task.
        state: as in `TargetHealth`.
        reason: why its last check failed.
        running: requests on their way to it.
    """

    address: str
    port: int
    task_id: str
    state: str = "initial"
    reason: str = ""
    running: int = 0
    successes: int = 0
    failures: int = 0
    checker: "asyncio.Task[None] | None" = None

    @property
    def name(self) -> str:
        """address:port."""
        return f"{self.address}:{self.port}"


@dataclass
class TargetGroup:
    """A target group as applied; seconds throughout.

    Args:
        arn: its ARN.
        name: its name.
        port: default port of targets.
        check: of `elbv2:DescribeTargetGroups`, HealthCheck* and Matcher.
        delay: how long a target that is taken out may finish requests.
        targets: registered.
    """

    arn: str
    name: str
    port: int
    check: Mapping[str, Any]
    delay: float
    targets: list[Target] = field(default_factory=list)
    _turn: Iterator[int] = field(default_factory=lambda: itertools.count(random.randrange(8)))  # noqa: S311

    def next_target(self) -> Target | None:
        """Who gets the next request, round robin; None when nobody is registered who could."""
        eligible = [each for each in self.targets if each.state == "healthy"]
        eligible = eligible or [each for each in self.targets if each.state == "unhealthy"]
        return eligible[next(self._turn) % len(eligible)] if eligible else None


class TargetGroups:
    """All target groups of an account, and their health checks.

    Args:
        account: where they are; registrations are made there too.
        network: whether a load balancer reaches its targets.
        record: told of every change.
        hurry: intervals of checks are divided by it until a target is healthy.
    """

    def __init__(self, account: EmulatedAccount, network: Network, record: Record, hurry: float) -> None:
        self._account, self._network, self._record, self._hurry = account, network, record, hurry
        self._balancers: dict[str, Place] = {}
        self._groups: dict[str, TargetGroup] = {}
        self._session: aiohttp.ClientSession | None = None
        self.refresh()

    def refresh(self) -> None:
        """Read the target groups again; who is registered stays so."""
        elbv2 = self._account.client("elbv2")
        for page in elbv2.get_paginator("describe_target_groups").paginate():
            for found in page["TargetGroups"]:
                arn = found["TargetGroupArn"]
                attributes = elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
                given = {each["Key"]: each["Value"] for each in attributes}
                delay = given.get("deregistration_delay.timeout_seconds", _DELAY_SECONDS)
                known = self._groups.get(arn)
                targets = known.targets if known else []
                name = found["TargetGroupName"]
                self._groups[arn] = TargetGroup(arn, name, int(found["Port"]), found, float(delay), targets)

    def used_by(self, arn: str, balancer: Place) -> None:
        """A load balancer forwards to a group: its checks come from there."""
        self._balancers[arn] = balancer

    def get(self, arn: str) -> TargetGroup | None:
        """A group by ARN."""
        return self._groups.get(arn)

    def health(self) -> list[TargetHealth]:
        """All targets."""
        return [
            TargetHealth(group.arn, each.name, each.task_id, each.state, each.reason)
            for group in self._groups.values()
            for each in group.targets
        ]

    async def register(self, arn: str, address: str, port: int, task_id: str) -> None:
        """A task becomes a target."""
        group = self._groups[arn]
        description = [{"Id": address, "Port": port}]
        elbv2 = self._account.client("elbv2")
        await asyncio.to_thread(elbv2.register_targets, TargetGroupArn=arn, Targets=description)
        target = Target(address, port, task_id)
        group.targets.append(target)
        self._record.event("target", arn, f"{target.name} registered in {group.name}", task_id)
        target.checker = asyncio.create_task(self._check_for_ever(group, target))

    async def deregister(self, arn: str, task_id: str) -> None:
        """A task gets no new requests; returns when those that run are done, or the delay is over."""
        group = self._groups[arn]
        for target in [each for each in group.targets if each.task_id == task_id]:
            target.state = "draining"
            if target.checker:
                target.checker.cancel()
            self._record.event("target", arn, f"{target.name} is drained in {group.name}", task_id)
            deadline = time.monotonic() + group.delay
            while target.running and time.monotonic() < deadline:
                await asyncio.sleep(0.05)
            group.targets.remove(target)
            description = [{"Id": target.address, "Port": target.port}]
            elbv2 = self._account.client("elbv2")
            await asyncio.to_thread(elbv2.deregister_targets, TargetGroupArn=arn, Targets=description)

    async def close(self) -> None:
        """Stop checking."""
        checkers = [each.checker for group in self._groups.values() for each in group.targets if each.checker]
        for checker in checkers:
            checker.cancel()
        await asyncio.gather(*checkers, return_exceptions=True)
        if self._session:
            await self._session.close()

    async def _check_for_ever(self, group: TargetGroup, target: Target) -> None:
        check = group.check
        if not check.get("HealthCheckEnabled", True):
            target.state = "healthy"
            return
        while True:
            reason = await self._check(group, target)
            self._judge(group, target, reason)
            interval = float(check["HealthCheckIntervalSeconds"])
            hurried = max(interval / self._hurry, _LEAST_INTERVAL)
            await asyncio.sleep(interval if target.state == "healthy" else hurried)

    def _judge(self, group: TargetGroup, target: Target, reason: str) -> None:
        target.reason = reason
        if reason:
            target.successes, target.failures = 0, target.failures + 1
        else:
            target.successes, target.failures = target.successes + 1, 0
        before = target.state
        if target.failures >= int(group.check["UnhealthyThresholdCount"]):
            target.state = "unhealthy"
        elif target.successes >= (1 if before == "initial" else int(group.check["HealthyThresholdCount"])):
            target.state = "healthy"
        if target.state not in (before, "draining"):
            why = f": {reason}" if reason else ""
            told = f"{target.name} is {target.state} in {group.name}{why}"
            self._record.event("target", group.arn, told, target.task_id)

    async def _check(self, group: TargetGroup, target: Target) -> str:
        """What is wrong with a target; "" when its check passes."""
        check = group.check
        wanted_port = check.get("HealthCheckPort", "traffic-port")
        port = target.port if wanted_port == "traffic-port" else int(wanted_port)
        balancer, place = self._balancers.get(group.arn), self._network.at(target.address)
        if balancer is None:
            return "no listener or rule of a load balancer uses the target group"
        if place is None:
            return "the task is gone"
        missing = self._network.blocked(balancer, place, port)
        if missing:
            return missing.reason
        if self._session is None:
            connector = aiohttp.TCPConnector(force_close=True, local_addr=(balancer.address, 0), limit=0)
            self._session = streaming.new_session(connector)
        path, seconds = check["HealthCheckPath"], float(check["HealthCheckTimeoutSeconds"])
        url = f"{check['HealthCheckProtocol'].lower()}://{target.address}:{place.ports.get(port, port)}{path}"
        headers = {"Host": f"{target.address}:{port}", "User-Agent": "ELB-HealthChecker/2.0"}
        asked = f"GET {path} on port {port}"
        try:
            async with asyncio.timeout(seconds):
                async with self._session.get(url, headers=headers, allow_redirects=False, ssl=False) as answer:
                    status = answer.status
        except TimeoutError:
            return f"{asked} is not answered within {seconds:g} s"
        except (aiohttp.ClientError, OSError) as error:
            return f"{asked} fails: {_in_words(error)}"
        matcher = str((check.get("Matcher") or {}).get("HttpCode", "200"))
        return "" if _matches(status, matcher) else f"{asked} answers {status}, wanted is {matcher}"


@contextlib.contextmanager
def in_use(target: Target) -> Iterator[None]:
    """A request is on its way to a target."""
    target.running += 1
    try:
        yield
    finally:
        target.running -= 1


def _matches(status: int, matcher: str) -> bool:
    for part in matcher.split(","):
        low, _, high = part.partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False


def _in_words(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"connection refused ({error.os_error.strerror})"
    return str(error) or type(error).__name__
