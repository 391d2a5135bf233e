"""What ECS runs, against a state and a ledger."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.account.emulated import EmulatedAccount
from infra.release.drift.containers import containers
from infra.release.drift.finding import DriftFinding, Rule
from infra.release.drift.owned import Held, Owned
from infra.release.drift.reader import Reader
from infra.release.drift.recorded import Recorded, recorded
from infra.release.ledger.entry import Entry, Kind, Outcome, Record

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/gateway"
RELEASED, OTHER = f"{REPOSITORY}@sha256:{'1' * 64}", f"{REPOSITORY}@sha256:{'2' * 64}"
FAMILY = "hokusai-gateway-staging"


@dataclass
class Ecs:
    """A cluster with one service, as an apply leaves it."""

    account: EmulatedAccount

    def __post_init__(self) -> None:
        self.ecs: Any = self.account.client("ecs")
        self.cluster = self.ecs.create_cluster(clusterName="hokusai-staging")["cluster"]["clusterArn"]
        self.definition = self.register(RELEASED)
        subnet = self.account.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
        group = self.account.client("ec2").describe_security_groups()["SecurityGroups"][0]["GroupId"]
        self.network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}}
        self.ecs.create_service(
            cluster=self.cluster,
            serviceName="hokusai-gateway",
            taskDefinition=self.definition,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration=self.network,
        )

    def register(self, image: str, family: str = FAMILY, container: str = "gateway") -> str:
        made = self.ecs.register_task_definition(
            family=family,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": container, "image": image, "memory": 512}],
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def owned(self) -> Owned:
        """What the state holds after that apply."""
        service = {"cluster": self.cluster, "name": "hokusai-gateway", "task_definition": self.definition}
        definition = {"arn": self.definition, "family": FAMILY, "revision": 1}
        return Owned(
            [
                Held("module.cluster.aws_ecs_cluster.this", "aws_ecs_cluster", {"arn": self.cluster, "name": "x"}),
                Held("module.task.aws_ecs_service.this", "aws_ecs_service", service),
                Held("module.task.aws_ecs_task_definition.this", "aws_ecs_task_definition", definition),
            ],
            [],
        )

    def findings(self, ledger: Recorded | None = None, owned: Owned | None = None) -> list[DriftFinding]:
        reader = Reader(self.account.client)
        return list(containers(reader, owned or self.owned(), ledger or LEDGER, "staging"))


NOW = datetime.now(UTC)
# Until long after now: a test may run an hour after it was collected.
LEDGER = Recorded({"gateway": RELEASED}, 3, [(NOW - timedelta(minutes=30), NOW + timedelta(days=1))])


@pytest.fixture
def ecs(account: EmulatedAccount) -> Iterator[Ecs]:
    copy = account.fork()
    yield Ecs(copy)
    copy.stop()


def test_what_was_applied_is_no_drift(ecs: Ecs) -> None:
    assert ecs.findings() == []


def test_a_revision_after_the_one_in_the_state_is_by_hand(ecs: Ecs) -> None:
    arn = ecs.register(RELEASED)
    [found] = ecs.findings()
    assert (found.rule, found.where) == (Rule.REVISION, arn)
    assert "Revision 2 of hokusai-gateway-staging was registered after the one in the state" in found.what
    assert found.by == ecs.account.client("sts").get_caller_identity()["Arn"]
    assert datetime.fromisoformat(found.since) > NOW - timedelta(minutes=10)
    assert "deregister-task-definition --task-definition hokusai-gateway-staging:2" in found.todo


def test_an_older_revision_is_by_hand_unless_something_was_applied_then(ecs: Ecs) -> None:
    """Production keeps the revisions that ran before."""
    current = ecs.register(RELEASED)
    ecs.ecs.update_service(cluster=ecs.cluster, service="hokusai-gateway", taskDefinition=current)
    ecs.definition = current
    owned = ecs.owned()
    owned.of_type("aws_ecs_task_definition")[0].attributes["revision"] = 2  # type: ignore[index]
    assert ecs.findings(owned=owned) == []
    yesterday = [(NOW - timedelta(days=1), NOW - timedelta(days=1) + timedelta(minutes=5))]
    [found] = ecs.findings(replace(LEDGER, changes=yesterday), owned)
    assert "Revision 1 of hokusai-gateway-staging was registered while nothing was applied" in found.what


def test_a_family_whose_name_begins_alike_is_another(ecs: Ecs) -> None:
    for _ in range(2):
        ecs.register(RELEASED, family=f"{FAMILY}-canary")
    assert ecs.findings() == []


def test_a_service_with_another_task_definition(ecs: Ecs) -> None:
    arn = ecs.register(OTHER)
    ecs.ecs.update_service(cluster=ecs.cluster, service="hokusai-gateway", taskDefinition=arn)
    found = {each.rule: each for each in ecs.findings()}
    assert set(found) == {Rule.RUNNING, Rule.VERSION, Rule.REVISION}
    assert f"runs {FAMILY}:2, and the state says {FAMILY}:1" in found[Rule.RUNNING].what
    assert f"{OTHER} runs as gateway, and entry 3 of the ledger records {RELEASED}" in found[Rule.VERSION].what


def test_a_version_that_the_ledger_does_not_record(ecs: Ecs) -> None:
    """The state was written by something else, and agrees with the account."""
    [found] = ecs.findings(replace(LEDGER, images={"gateway": OTHER}))
    assert (found.rule, found.where) == (Rule.VERSION, ecs.definition)
    [found] = ecs.findings(Recorded({}, 0, LEDGER.changes))
    assert "the ledger records none" in found.what


def test_a_container_with_another_name_runs_the_image_of_its_repository(ecs: Ecs) -> None:
    """The migration runs MLflow's image; started by hand with another one it is found."""
    for image, rules in ((RELEASED, []), (OTHER, [Rule.VERSION]), (f"{REPOSITORY}:latest", [Rule.VERSION])):
        arn = ecs.register(image, family="hokusai-once-staging", container="once")
        task = ecs.ecs.run_task(
            cluster=ecs.cluster, taskDefinition=arn, launchType="FARGATE", networkConfiguration=ecs.network
        )["tasks"][0]["taskArn"]
        assert [each.rule for each in ecs.findings()] == rules, image
        ecs.ecs.stop_task(cluster=ecs.cluster, task=task)


def test_what_a_tag_was_pulled_as() -> None:
    from infra.release.drift.containers import _digests

    def task(digest: str) -> dict[str, Any]:
        container = {"name": "gateway", "image": f"{REPOSITORY}:latest", "imageDigest": digest}
        return {"taskArn": "arn:task", "startedBy": "ada", "containers": [container]}

    assert list(_digests(task(f"sha256:{'1' * 64}"), LEDGER)) == []
    [found] = _digests(task(f"sha256:{'2' * 64}"), LEDGER)
    assert (found.rule, found.where, found.by) == (Rule.VERSION, "arn:task", "ada")


def entry(number: int, kind: Kind, outcome: Outcome, image: str) -> Entry:
    images = {"gateway": image}
    times = {"started": "2026-01-01T00:00:00+00:00", "ended": "2026-01-01T00:05:00+00:00"}
    return Entry(number, "", Record(kind, "staging", outcome, "ada", "here", "", images=images, **times))


@pytest.mark.parametrize(
    ("entries", "image", "number"),
    [
        ([(Kind.APPLY, Outcome.SUCCEEDED)], "1", 1),
        ([(Kind.APPLY, Outcome.SUCCEEDED), (Kind.DEPLOY, Outcome.SUCCEEDED)], "2", 2),
        ([(Kind.APPLY, Outcome.SUCCEEDED), (Kind.DEPLOY, Outcome.FAILED)], "1", 1),
        ([(Kind.APPLY, Outcome.SUCCEEDED), (Kind.DEPLOY, Outcome.UNKNOWN)], "1", 1),
        ([(Kind.APPLY, Outcome.SUCCEEDED), (Kind.VERIFICATION, Outcome.SUCCEEDED)], "1", 1),
        ([(Kind.APPLY, Outcome.SUCCEEDED), (Kind.DESTROY, Outcome.SUCCEEDED)], "", 2),
        ([], "", 0),
    ],
)
def test_what_the_ledger_says_should_run(entries: list[tuple[Kind, Outcome]], image: str, number: int) -> None:
    made = [entry(position, kind, how, str(position)) for position, (kind, how) in enumerate(entries, 1)]
    read = recorded(made)
    assert (dict(read.images), read.entry) == ({"gateway": image} if image else {}, number)
    changing = (Kind.APPLY, Kind.DEPLOY, Kind.DESTROY)
    assert len(read.changes) == sum(kind in changing and how is not Outcome.UNKNOWN for kind, how in entries)
