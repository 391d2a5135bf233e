"""What has to hold after a deploy or a promotion that something happened to, and after the same command has gone on."""

from dataclasses import dataclass
from typing import Any

from infra.release.deploying.images_file import REFERENCE
from infra.release.ledger.chain import verify
from infra.release.ledger.entry import Kind, Outcome, Record
from infra.release.remote_state import STATE_KEY
from tests.release.campaign import LONG, run
from tests.release.deploying.checkout import SOURCE, TARGET, Deployable
from tests.release.deploying.verified import books

# It has two task definitions, and a service that runs one of them.
PROGRAM = "mlflow"
FAMILIES = (PROGRAM, f"{PROGRAM}-migration")


@dataclass(frozen=True)
class Change:
    """What a run of the campaign does.

    Args:
        environment: that is changed.
        command: that does it.
        before: its images file.
        after: the same, when it is done.
        since: as many entries the ledger had.
    """

    environment: str
    command: tuple[str, ...]
    before: str
    after: str
    since: int


def deploy_of(own: Deployable, digest: str) -> Change:
    """Another image of the program in the source environment."""
    before, was = own.images().read_text(), own.running(PROGRAM)
    command = ("deploy", "--env", SOURCE, "--service", PROGRAM, "--image", digest, "--yes")
    after = before.replace(was, f"{was.partition('@')[0]}@{digest}")
    return Change(SOURCE, command, before, after, _count(own, SOURCE))


def promotion_of(own: Deployable) -> Change:
    """What runs in the source environment, and was verified there, in the target environment."""
    before, verified = own.images(TARGET).read_text(), _digests(own.images().read_text())
    after = REFERENCE.sub(lambda match: f"{match['repository']}@{verified[_program(match['repository'])]}", before)
    command = ("promote", "--from", SOURCE, "--to", TARGET, "--yes")
    return Change(TARGET, command, before, after, _count(own, TARGET))


def recovers(own: Deployable, change: Change) -> str:
    """One command recovers, and the same command goes on.

    Args:
        own: where the change was begun.
        change: what it was.

    Returns:
        What recovering said.
    """
    said = run(own, "recover", "--env", change.environment).stdout
    _agree(own, change, said)
    told = run(own, *change.command).stdout
    definitions = _agree(own, change, said + told)
    assert own.images(change.environment).read_text() == change.after, told
    for family in FAMILIES:
        assert definitions[f"hokusai-{family}-{change.environment}"] in change.after, told
    closed = _closed(own, change)
    assert closed[-1].outcome is Outcome.SUCCEEDED, told
    assert closed[-1].images[PROGRAM] in change.after, told
    deployed = [each for each in closed if each.kind is Kind.DEPLOY and each.outcome is Outcome.SUCCEEDED]
    assert len(deployed) <= 1, f"entered twice: {deployed}"
    if LONG and "already" not in told:
        entries = _count(own, change.environment)
        assert "already" in run(own, *change.command).stdout, "nothing is left to do"
        assert _count(own, change.environment) == entries
    return said


def _count(own: Deployable, environment: str) -> int:
    return len(books(own, environment).ledger.entries())


def _closed(own: Deployable, change: Change) -> list[Record]:
    """How changes ended since the command was begun, the oldest first."""
    return [
        each.record for each in books(own, change.environment).ledger.entries()[change.since :] if each.record.closes
    ]


def _agree(own: Deployable, change: Change, said: str) -> dict[str, str]:
    """Work tree, ledger, state and account say the same; the images of the task definitions, by family."""
    file = own.images(change.environment)
    text = file.read_text()
    assert text in (change.before, change.after), f"half of it: {text}"
    changed = own.git("status", "--porcelain", "--untracked-files=all").splitlines()
    # The helper strips the answer, and with it the space before the first line.
    assert [each.split()[-1] for each in changed] == (
        [] if text == change.before else [str(file.relative_to(own.root))]
    ), said

    there = books(own, change.environment)
    assert verify(there.ledger.stored(), change.environment, there.state.version()) == [], said
    assert there.ledger.tail().open is None, said
    assert there.state.lock() is None, f"still locked: {said}"

    state = there.state.document(STATE_KEY) or {}
    last = next(reversed(_closed(own, change)), None)
    definitions = _attributes(state, "aws_ecs_task_definition")
    images = {each["arn"]: _image(each) for each in definitions}
    for service in _attributes(state, "aws_ecs_service"):
        runs = own.definition(service["name"].removeprefix("hokusai-"), change.environment)
        assert service["task_definition"] == runs["taskDefinitionArn"], said
        # A revision that was made when everything was killed is not known: it is registered once more. And where the
        # new one was refused after the old one was taken away, the service runs on with what is not there any more.
        half_done = last is not None and last.outcome in (Outcome.PARTIAL, Outcome.FAILED)
        if not half_done or runs["taskDefinitionArn"] in images:
            assert images[runs["taskDefinitionArn"]] == runs["containerDefinitions"][0]["image"], said

    running = own.running(PROGRAM, change.environment)
    if last is None or last.outcome is Outcome.NOTHING:
        assert running in change.before, said
    elif last.outcome is Outcome.SUCCEEDED:
        assert running == last.images[PROGRAM], said
    by_family = {each["family"]: images[each["arn"]] for each in definitions}
    assert len(by_family) == len(definitions), "each is there once"
    return by_family


def _attributes(state: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [
        instance["attributes"]
        for resource in state["resources"]
        if resource["type"] == kind
        for instance in resource["instances"]
        if "deposed" not in instance
    ]


def _image(definition: dict[str, Any]) -> str:
    match = REFERENCE.search(definition["container_definitions"])
    assert match
    return match[0]


def _program(repository: str) -> str:
    return repository.rpartition("/")[2]


def _digests(text: str) -> dict[str, str]:
    """Program -> digest, of an images file."""
    return {_program(match["repository"]): match["digest"] for match in REFERENCE.finditer(text)}
