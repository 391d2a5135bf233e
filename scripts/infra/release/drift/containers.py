"""What ECS runs, against the state (which task definition) and the ledger (which images)."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from infra.release.drift.finding import DriftFinding, Rule
from infra.release.drift.owned import Held, Owned
from infra.release.drift.reader import Reader
from infra.release.drift.recorded import Recorded
from infra.release.drift.seen import moment
from infra.review.model import Severity

# The clock of whoever wrote the ledger may differ from AWS's.
_CLOCKS: Final = timedelta(minutes=5)
_DESCRIBED_AT_ONCE: Final = 100


def containers(reader: Reader, owned: Owned, ledger: Recorded, environment: str) -> Iterator[DriftFinding]:
    """Compare what runs with what should.

    Args:
        reader: asks the account.
        owned: the states.
        ledger: what is recorded.
        environment: its name, for the commands.

    Yields:
        Services with another task definition, versions that nobody recorded, revisions made by hand.

    Raises:
        InfraError: a call was denied or not answered.
    """
    definitions = _Definitions(reader)
    running: set[str] = set()
    for service in owned.of_type("aws_ecs_service"):
        running |= yield from _service(reader, service, environment)
    for task in _tasks(reader, owned):
        running.add(task["taskDefinitionArn"])
        yield from _digests(task, ledger)
    for arn in sorted(running):
        yield from _versions(definitions[arn], ledger, environment)
    for held in owned.of_type("aws_ecs_task_definition"):
        yield from _revisions(reader, definitions, held, ledger)


class _Definitions:
    """Task definitions, each asked once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[str, dict[str, Any]] = {}

    def __getitem__(self, arn: str) -> dict[str, Any]:
        if arn not in self._known:
            answer = self._reader.call("ecs", "describe_task_definition", taskDefinition=arn)
            self._known[arn] = answer["taskDefinition"]
        return self._known[arn]


def _service(reader: Reader, held: Held, environment: str) -> Generator[DriftFinding, None, set[str]]:
    """Also returns the task definitions that it runs."""
    cluster, name = held["cluster"], held["name"]
    there = reader.call("ecs", "describe_services", cluster=cluster, services=[name])["services"]
    running: set[str] = set()
    for service in there:
        if service["status"] == "INACTIVE":
            continue
        deployments = service.get("deployments", [])
        running |= {
            each["taskDefinition"] for each in deployments if each["runningCount"] or each["status"] == "PRIMARY"
        }
        if service["taskDefinition"] != held["task_definition"]:
            primary: dict[str, Any] = next((each for each in deployments if each["status"] == "PRIMARY"), {})
            reason = f" ECS: {primary['rolloutStateReason']}" if primary.get("rolloutStateReason") else ""
            yield DriftFinding(
                rule=Rule.RUNNING,
                severity=Severity.HIGH,
                what=(
                    f"Service {name} runs {_short(service['taskDefinition'])}, and the state says "
                    f"{_short(held['task_definition'])}.{reason}"
                ),
                where=service["serviceArn"],
                todo=(
                    "If ECS rolled a deployment back, find out why (docs/runbook.md). "
                    f"`make plan ENV={environment}` and `make apply` bring the state's task definition back."
                ),
                address=held.address,
                since=moment(primary.get("createdAt")),
                type=held.type,
            )
    return running


def _tasks(reader: Reader, owned: Owned) -> Iterator[dict[str, Any]]:
    for cluster in owned.of_type("aws_ecs_cluster"):
        arns = reader.pages("ecs", "list_tasks", "taskArns", cluster=cluster["arn"], desiredStatus="RUNNING")
        for start in range(0, len(arns), _DESCRIBED_AT_ONCE):
            some = arns[start : start + _DESCRIBED_AT_ONCE]
            yield from reader.call("ecs", "describe_tasks", cluster=cluster["arn"], tasks=some)["tasks"]


def _digests(task: Mapping[str, Any], ledger: Recorded) -> Iterator[DriftFinding]:
    """What a task has pulled: of an image that is named by a tag, only this says which one it is."""
    for container in task.get("containers", []):
        wanted = _recorded_image(ledger, container["name"], container.get("image", ""))
        pulled = container.get("imageDigest", "")
        if wanted and pulled and not wanted.endswith(f"@{pulled}"):
            yield DriftFinding(
                rule=Rule.VERSION,
                severity=Severity.CRITICAL,
                what=f"A task runs {container['name']} at {pulled}, and entry {ledger.entry} records {wanted}.",
                where=task["taskArn"],
                todo="Find out who started it and stop it; what the service starts anew is pulled by digest.",
                since=moment(task.get("createdAt")),
                by=str(task.get("startedBy", "")),
            )


def _versions(definition: Mapping[str, Any], ledger: Recorded, environment: str) -> Iterator[DriftFinding]:
    for container in definition["containerDefinitions"]:
        wanted = _recorded_image(ledger, container["name"], container["image"])
        if wanted != container["image"]:
            says = f"entry {ledger.entry} of the ledger records {wanted}" if wanted else "the ledger records none"
            yield DriftFinding(
                rule=Rule.VERSION,
                severity=Severity.CRITICAL,
                what=f"{container['image']} runs as {container['name']}, and {says}.",
                where=definition["taskDefinitionArn"],
                todo=(
                    f"`make history ENV={environment}` says who applied what. `make plan ENV={environment}` and "
                    "`make apply` bring the recorded version back; to keep this one, deploy it."
                ),
                since=moment(definition.get("registeredAt")),
                by=str(definition.get("registeredBy", "")),
            )


def _recorded_image(ledger: Recorded, container: str, image: str) -> str:
    """What should run in a container: by its name, or by its repository (the migration runs MLflow's image)."""
    if container in ledger.images:
        return ledger.images[container]
    untagged = image.partition("@")[0]
    repositories = {untagged, untagged.rpartition(":")[0]}
    return next((each for each in ledger.images.values() if each.partition("@")[0] in repositories), "")


def _revisions(reader: Reader, definitions: _Definitions, held: Held, ledger: Recorded) -> Iterator[DriftFinding]:
    family, current = held["family"], int(held.attributes.get("revision") or 0)
    for arn in reader.pages("ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE"):
        revision = int(arn.rpartition(":")[2])
        if revision == current:
            continue
        definition = definitions[arn]
        if revision < current and _within(definition.get("registeredAt"), ledger.changes):
            continue
        yield DriftFinding(
            rule=Rule.REVISION,
            severity=Severity.MEDIUM,
            what=(
                f"Revision {revision} of {family} was registered "
                f"{'after the one in the state' if revision > current else 'while nothing was applied'}: by hand."
            ),
            where=arn,
            todo=(
                "What it changes belongs into the configuration, where it is reviewed. Then "
                f"`aws ecs deregister-task-definition --task-definition {family}:{revision}`."
            ),
            address=held.address,
            since=moment(definition.get("registeredAt")),
            by=str(definition.get("registeredBy", "")),
            type=held.type,
        )


def _within(registered: object, changes: Iterable[tuple[datetime, datetime]]) -> bool:
    return isinstance(registered, datetime) and any(
        began - _CLOCKS <= registered <= ended + _CLOCKS for began, ended in changes
    )


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]
