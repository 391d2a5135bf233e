"""Deploying from the command line: an emulated account, a real repository, real plans, real ECR and ECS calls."""

import json
import subprocess
from typing import Any

import pytest

from infra.release.deploying.deploy import MORE
from infra.release.deploying.images_file import REFERENCE
from infra.release.remote_state import STATE_KEY
from tests.release.deploying.checkout import SOURCE, TARGET, Deployable
from tests.release.kills import kill, wait_for_messages

DIGEST = "sha256:" + "b" * 64
OTHER = "sha256:" + "c" * 64


def done(result: "subprocess.CompletedProcess[str]") -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def refused(result: "subprocess.CompletedProcess[str]", code: int = 1) -> str:
    assert result.returncode == code, result.stdout + result.stderr
    assert result.stderr.count("ERROR ") == 1, result.stderr
    return result.stderr[result.stderr.index("ERROR ") :]


def kinds(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["kind"], each["outcome"]) for each in entries]


def test_an_image_that_was_pushed(deployable: Deployable) -> None:
    digest = deployable.push("gateway", "new", "v2")
    before, was = deployable.images().read_text(), deployable.running("gateway")
    said = done(deployable.deploy("--service", "gateway", "--image", "v2", "--yes"))

    assert deployable.running("gateway") == was.partition("@")[0] + "@" + digest
    changed = [line for line in deployable.images().read_text().splitlines() if line not in before.splitlines()]
    assert len(changed) == 1
    assert digest in changed[0]
    assert "hokusai-gateway not followed" in said
    assert "an emulated account runs nothing" in said
    assert f"make verify ENV={SOURCE}" in said

    *_, began, ended = entries = deployable.history()
    assert kinds(entries)[-3:] == [("plan", "succeeded"), ("deploy", "unknown"), ("deploy", "succeeded")]
    assert ended["images"]["gateway"].endswith(digest)
    assert ended["details"]["deploys"] == {"gateway": deployable.running("gateway")}
    rollout = ended["details"]["rollout"]["hokusai-gateway"]
    assert (rollout["before"], rollout["revision"]) == (
        f"hokusai-gateway-{SOURCE}:1",
        f"hokusai-gateway-{SOURCE}:2",
    )
    assert rollout["ended"] == "not followed"
    assert began["note"] == f"Deploy gateway@{digest[:19]}"
    done(deployable.infra("history", "--env", SOURCE, "--verify"))

    again = done(deployable.deploy("--service", "gateway", "--image", digest, "--yes"))
    assert "runs gateway@" in again
    assert "already" in again
    assert len(deployable.history()) == len(entries), "nothing was done, so nothing was written"


@pytest.mark.long
def test_mlflow_takes_its_migration_with_it(deployable: Deployable) -> None:
    said = done(deployable.deploy("--service", "mlflow", "--image", DIGEST, "--yes"))
    assert "an emulated account runs nothing" in said
    assert "the digest is taken as given" in deployable.deploy("--service", "mlflow", "--image", OTHER, "--yes").stderr
    ecs = deployable.account_of(SOURCE).client("ecs")
    migration = ecs.describe_task_definition(taskDefinition=f"hokusai-mlflow-migration-{SOURCE}")["taskDefinition"]
    assert migration["containerDefinitions"][0]["image"] == deployable.running("mlflow")
    last = deployable.history()[-1]["details"]
    assert "schema" not in last
    assert "migrates" not in last, "nothing was migrated, and nothing says so"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("--service", "web", "--image", DIGEST),
            "SERVICE=web is no program of environments/development/",
        ),
        (("--image", DIGEST), "SERVICE is not set"),
        (("--service", "gateway", "--image", "v9"), "has no image v9. The repository is empty"),
        (("--service", "gateway", "--image", "sha256:12"), "a digest is sha256: and 64 hexadecimal digits"),
        (("--service", "gateway", "--image", f"docker.io/x/y@{DIGEST}"), "it is in docker.io/x/y, and the tasks may"),
        (("--service", "gateway"), "Nobody can push into an emulated account"),
        (("--service", "auth"), "auth is built in a repository of its own"),
    ],
)
def test_bad_input(deployable: Deployable, arguments: tuple[str, ...], told: str) -> None:
    before = deployable.images().read_text()
    said = refused(deployable.deploy(*arguments, "--yes"))
    assert told in said
    assert deployable.images().read_text() == before
    assert kinds(deployable.history())[-1] == ("apply", "succeeded")


def test_a_tag_that_is_not_there_lists_what_is(deployable: Deployable) -> None:
    digests = [deployable.push("gateway", f"image {number}", f"v{number}") for number in range(7)]
    said = refused(deployable.deploy("--service", "gateway", "--image", "v9", "--yes"))
    assert "The newest of 7 there:" in said
    assert sum(digest in said for digest in digests) == 5


@pytest.mark.long
def test_a_plan_that_does_more_is_asked_about(deployable: Deployable) -> None:
    variables = deployable.root / "environments" / SOURCE / "terraform.tfvars"
    variables.write_text(variables.read_text().replace("cpu     = 256", "cpu     = 512", 1))
    more = deployable.root / "environments" / "stack" / "more.tf"
    more.write_text('resource "aws_sns_topic" "more" {\n  name = "hokusai-more"\n}\n')
    deployable.commit("more")

    said = refused(deployable.deploy("--service", "gateway", "--image", DIGEST, "--yes"))
    assert "does more than run gateway" in said
    assert "aws_sns_topic.more (create)" in said
    assert 'module.task["gateway"].aws_ecs_task_definition.this (delete/create): cpu' in said
    assert f"CONFIRM={MORE}" in said
    assert kinds(deployable.history())[-1] == ("apply", "succeeded")
    match = REFERENCE.search(deployable.running("gateway"))
    assert match
    assert match["digest"] != DIGEST

    done(deployable.deploy("--service", "gateway", "--image", DIGEST, "--yes", "--confirm", MORE))
    assert deployable.running("gateway").endswith(DIGEST)


@pytest.mark.long
def test_nobody_could_be_asked(deployable: Deployable) -> None:
    said = refused(deployable.deploy("--service", "gateway", "--image", DIGEST))
    assert "say YES=1 if that is wanted" in said
    assert DIGEST in deployable.images().read_text(), "what was asked for is kept, and the next command goes on from it"
    done(deployable.deploy("--service", "gateway", "--yes"))
    assert deployable.running("gateway").endswith(DIGEST)


@pytest.mark.long
def test_a_state_that_somebody_else_holds(deployable: Deployable) -> None:
    """Nothing is begun, not even the snapshot before a migration."""
    lock = {"ID": "5f2", "Who": "eve@laptop", "Operation": "OperationTypePlan", "Created": "2026-01-02T03:04:05.6Z"}
    place = {"Bucket": f"hokusai-terraform-state-{SOURCE}", "Key": f"{STATE_KEY}.tflock"}
    deployable.account_of(SOURCE).client("s3").put_object(**place, Body=json.dumps(lock))
    said = refused(deployable.deploy("--service", "gateway", "--image", DIGEST, "--yes"))
    assert "is locked by someone else: eve@laptop since 2026-01-02T03:04:05 UTC (plan, lock 5f2)" in said
    assert f"make unlock ENV={SOURCE} ID=5f2" in said
    assert kinds(deployable.history())[-1] == ("apply", "succeeded")


@pytest.mark.long
def test_where_the_gates_hold_it_stops_for_a_commit_and_for_approvals(deployable: Deployable) -> None:
    arguments = ("--service", "gateway", "--yes")
    said = refused(deployable.deploy(*arguments, "--image", DIGEST, GATES="enforced"), code=3)
    assert f"git add environments/{SOURCE}/images.tfvars && git commit" in said
    assert f"make deploy ENV={SOURCE} SERVICE=gateway" in said
    assert kinds(deployable.history())[-1] == ("apply", "succeeded")

    deployable.commit("Deploy the gateway")
    said = refused(deployable.deploy(*arguments, GATES="enforced"), code=3)
    assert "it needs 1 approval" in said
    assert "make approve" in said

    done(deployable.infra("approve", "--env", SOURCE, "--yes"))
    said = done(deployable.deploy(*arguments, GATES="enforced"))
    assert deployable.running("gateway").endswith(DIGEST)
    assert kinds(deployable.history())[-4:] == [
        ("plan", "succeeded"),
        ("approval", "succeeded"),
        ("deploy", "unknown"),
        ("deploy", "succeeded"),
    ]


@pytest.mark.long
def test_a_deploy_that_is_killed(deployable: Deployable) -> None:
    account = deployable.account_of(SOURCE)
    with deployable.start(
        "deploy", "--env", SOURCE, "--service", "gateway", "--image", DIGEST, "--yes", GATES=""
    ) as process:
        wait_for_messages(3, deployable, process)
        kill(process, "everything")
    assert DIGEST in deployable.images().read_text()
    assert kinds(deployable.history())[-1] == ("deploy", "unknown"), "it was over before it could be killed"
    said = refused(deployable.deploy("--service", "gateway", "--yes"))
    assert f"make recover ENV={SOURCE}" in said

    done(deployable.infra("recover", "--env", SOURCE, GATES=""))
    done(deployable.deploy("--service", "gateway", "--yes"))
    assert deployable.running("gateway").endswith(DIGEST)
    assert kinds(deployable.history())[-1] == ("deploy", "succeeded")
    done(deployable.infra("history", "--env", SOURCE, "--verify"))
    assert account.client("ecs").describe_services(cluster=f"hokusai-{SOURCE}", services=["hokusai-gateway"])


@pytest.mark.long
def test_an_apply_follows_too(deployable: Deployable) -> None:
    """One way for all: whoever changes the file and applies is told the same."""
    file = deployable.images()
    match = REFERENCE.search(file.read_text())
    assert match
    file.write_text(file.read_text().replace(match["digest"], OTHER, 1))
    done(deployable.infra("plan", "--env", SOURCE, GATES=""))
    said = done(deployable.infra("apply", "--yes", GATES=""))
    assert "hokusai-gateway not followed" in said
    assert "rollout" in deployable.history()[-1]["details"]
    assert TARGET not in said
