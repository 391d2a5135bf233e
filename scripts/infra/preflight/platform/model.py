"""What the running platform is made of, and what was seen while it ran: the words that preflight's reports share."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from infra.errors import InfraError

State = Literal["PENDING", "RUNNING", "STOPPING", "STOPPED"]
Health = Literal["UNKNOWN", "HEALTHY", "UNHEALTHY"]
EventKind = Literal[
    "account",  # what was read from the account
    "network",  # addresses, names, listeners that came up
    "database",
    "deployment",  # a service's deployment began, completed, was rolled back
    "task",  # started, healthy, unhealthy, stopped
    "target",  # registered, healthy, unhealthy, deregistered
    "refused",  # a connection that no security group rule allows
    "denied",  # an AWS call that no policy allows
    "drill",  # what a drill did
]


@dataclass(frozen=True)
class Event:
    """Something that happened, for live progress and the timeline.

    Args:
        time: seconds since the epoch.
        kind: what it is about.
        subject: ARN or name of the resource it is about.
        text: one line for people.
        task_id: the task concerned, if there is one.
    """

    time: float
    kind: EventKind
    subject: str
    text: str
    task_id: str | None = None


@dataclass(frozen=True)
class Endpoint:
    """Where a public host name is served.

    Args:
        address: loopback address that stands for the load balancer's public one.
        https_port: port of its HTTPS listener on this machine (443 where that may be taken), None without one.
        http_port: the same for HTTP (80).
        load_balancer_arn: which load balancer it is.
    """

    address: str
    https_port: int | None
    http_port: int | None
    load_balancer_arn: str


@dataclass
class Task:
    """A task, as ECS would describe it; its fields change while it runs.

    Args:
        id: 32 hexadecimal digits, as ECS makes them.
        service: name of its service; "" for one that was run by itself.
        service_arn: the same as ARN.
        family: of its task definition.
        revision: of its task definition.
        task_definition_arn: the same as ARN.
        address: its own loopback address.
        ports: container ports.
        containers: names of its containers, in the order of the task definition.
        log_file: what its containers print (stdout and stderr).
        state: where it is in its life.
        health: what its container health checks say; UNKNOWN as long as none was made or there is none.
        exit_code: of its essential container that ended; negative: the signal.
        stopped_reason: why it ended, in ECS's words.
        peak_memory_mib: most that it ever used.
        created: seconds since the epoch; `started` when its containers run, `stopped` when it is over.
    """

    id: str
    service: str
    service_arn: str
    family: str
    revision: int
    task_definition_arn: str
    address: str
    ports: tuple[int, ...]
    containers: tuple[str, ...]
    log_file: Path
    state: State = "PENDING"
    health: Health = "UNKNOWN"
    exit_code: int | None = None
    stopped_reason: str = ""
    peak_memory_mib: int = 0
    created: float = field(default_factory=time.time)
    started: float | None = None
    stopped: float | None = None

    @property
    def name(self) -> str:
        """How people call it: family, revision, the start of its id."""
        return f"{self.family}:{self.revision} ({self.id[:8]})"

    @property
    def log(self) -> str:
        """What it printed so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""


@dataclass(frozen=True)
class Exchange:
    """One request at the front door: who asked what, which rule decided, who answered; also what `Platform.route` says.

    Args:
        time: when it came, seconds since the epoch.
        scheme: http or https.
        host: Host header, without port.
        method: HTTP method.
        path: path with query string, as sent.
        source: address of the client.
        listener_arn: where it came in.
        rule_arn: the rule that decided; None: the listener's default action did.
        priority: of the rule; None: default.
        action: "forward", "redirect" or "fixed-response".
        target_group_arn: where it was forwarded to.
        target: address:port of the task that got it.
        task_id: that task.
        status: what the client got; None where nothing was sent (`Platform.route`) or the client left.
        seconds: until the answer was complete.
        reason: why the load balancer itself answered with an error: "no registered target", "connection refused", ...
    """

    time: float
    scheme: str
    host: str
    method: str
    path: str
    source: str
    listener_arn: str
    rule_arn: str | None
    priority: int | None
    action: str
    target_group_arn: str | None = None
    target: str | None = None
    task_id: str | None = None
    status: int | None = None
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Refusal:
    """A connection that the network did not let through.

    Args:
        time: seconds since the epoch of the first one.
        source: who wanted it: name of a task's service or family, a load balancer, "internet".
        destination: who it was for: the same, a database, an AWS service, or an address that nobody has.
        address: where to.
        port: TCP port.
        reason: which rule is missing at which security group.
        arn: the security group (or other resource) to blame.
        kind: "rule": security groups or routes do not allow it, which fails a run; "nobody": nothing has that address
            or name (any more), which happens while tasks come and go.
        task_id: the task that wanted it.
        times: how often, since clients repeat.
    """

    time: float
    source: str
    destination: str
    address: str
    port: int
    reason: str
    arn: str
    kind: Literal["rule", "nobody"] = "rule"
    task_id: str | None = None
    times: int = 1


@dataclass(frozen=True)
class AwsCall:
    """A call of an AWS API by a task, or by ECS for it, with what the policies say.

    Args:
        time: seconds since the epoch of the first one.
        role_arn: who called.
        action: as in "s3:PutObject".
        resource: ARN that it was about.
        allowed: whether the policies allow it.
        reason: which policy denies or does not allow it; "" when allowed.
        blame: ARN of the role, key or bucket whose policy that is.
        task_id: the task.
        status: HTTP status that the account answered; None where nothing was asked (implied calls, of KMS).
        times: how often the same was called.
    """

    time: float
    role_arn: str
    action: str
    resource: str
    allowed: bool
    reason: str = ""
    blame: str = ""
    task_id: str | None = None
    status: int | None = None
    times: int = 1


@dataclass(frozen=True)
class TargetHealth:
    """A target of a target group.

    Args:
        target_group_arn: the group.
        target: address:port.
        task_id: the task that it is.
        state: "initial", "healthy", "unhealthy" or "draining".
        reason: the last failed check in words: "answers 404, wanted 200".
    """

    target_group_arn: str
    target: str
    task_id: str
    state: str
    reason: str = ""


class PlatformFailure(InfraError):  # noqa: N818 - it is what failed, not an error of this program
    """The platform does not run as applied.

    Args:
        message: what does not work, in one sentence.
        arn: the resource to blame; "" when it is not known.
        attribute: its attribute, as Terraform names it where there is one; "" for the resource as a whole.
        task: the task concerned; its log tells more.
        remedy: what to change.
    """

    def __init__(
        self, message: str, *, arn: str = "", attribute: str = "", task: Task | None = None, remedy: str = ""
    ) -> None:
        super().__init__(message)
        self.message, self.arn, self.attribute, self.task, self.remedy = message, arn, attribute, task, remedy
