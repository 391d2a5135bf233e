"""Promoting from the command line: only what was verified, only where nothing else differs."""

import pytest

from infra.environment import load_environment
from infra.release.deploying.explained_difference import UNEXPLAINED
from infra.release.ledger.entry import Outcome
from tests.release.deploying.checkout import SOURCE, TARGET, Deployable
from tests.release.deploying.test_deploy import DIGEST, done, kinds, refused
from tests.release.deploying.verified import verify


@pytest.mark.long
def test_what_was_verified(deployable: Deployable) -> None:
    done(deployable.deploy("--service", "gateway", "--image", DIGEST, "--yes"))
    verify(deployable)
    said = done(deployable.promote("--yes"))
    account = load_environment(TARGET).account_id
    for program in ("gateway", "mlflow", "auth"):
        assert deployable.running(program, TARGET).startswith(f"{account}.dkr.ecr.")
        there, verified = deployable.running(program, TARGET), deployable.running(program)
        assert there.rpartition("@")[2] == verified.rpartition("@")[2]
    assert deployable.running("gateway", TARGET).endswith(DIGEST)
    assert "sizes.gateway.cpu" in said
    assert "NO VARIABLE" not in said
    last = deployable.history(TARGET)[-1]
    assert (last["kind"], last["outcome"]) == ("deploy", "succeeded")
    assert last["details"]["promoted"]["from"] == SOURCE
    assert last["note"].startswith(f"Promote what was verified in {SOURCE}")
    assert "runs already" in done(deployable.promote("--yes"))


@pytest.mark.long
def test_only_what_was_verified(deployable: Deployable) -> None:
    before = deployable.images(TARGET).read_text()
    assert f"was not verified since entry 3: it is not promoted. `make verify ENV={SOURCE}`" in refused(
        deployable.promote("--yes")
    )
    verify(deployable, Outcome.FAILED)
    assert "failed its verification" in refused(deployable.promote("--yes"))
    verify(deployable)
    done(deployable.deploy("--service", "gateway", "--image", DIGEST, "--yes"))
    assert "was not verified since entry" in refused(deployable.promote("--yes"))
    there = deployable.history()[-1]["images"]
    verify(deployable, images=there | {"gateway": there["gateway"][:-64] + "d" * 64})
    assert "is not what entry" in refused(deployable.promote("--yes"))
    assert deployable.images(TARGET).read_text() == before
    assert kinds(deployable.history(TARGET))[-1] == ("apply", "succeeded")


@pytest.mark.long
def test_what_differs_beyond_the_variables_is_refused(deployable: Deployable) -> None:
    """The target's configuration is not the one that was verified: here a setting that was added since."""
    verify(deployable)
    tasks = deployable.root / "environments" / "stack" / "tasks.tf"
    tasks.write_text(tasks.read_text().replace("ENVIRONMENT   =", 'DEBUG         = "true"\n    ENVIRONMENT   ='))
    deployable.commit("debugging")
    said = refused(deployable.promote("--yes"))
    assert "gateway: setting DEBUG" in said
    assert f"CONFIRM={UNEXPLAINED}" in said
    assert kinds(deployable.history(TARGET))[-1] == ("apply", "succeeded")
    said = refused(deployable.promote("--yes", "--confirm", UNEXPLAINED))
    assert "does more than run" in said, "each refusal has its own word"
    done(deployable.promote("--yes", "--confirm", f"{UNEXPLAINED},more-than-images"))


@pytest.mark.parametrize(
    ("source", "target", "told"),
    [
        (SOURCE, SOURCE, f"FROM and TO are both {SOURCE}"),
        ("", TARGET, "FROM is not set"),
        (SOURCE, "", "TO is not set"),
        (SOURCE, "moon", "TO=moon is no environment"),
    ],
)
def test_bad_input(applied: Deployable, source: str, target: str, told: str) -> None:
    said = refused(applied.infra("promote", "--from", source, "--to", target, "--yes", GATES=""))
    assert told in said


def test_environments_that_run_other_programs(deployable: Deployable) -> None:
    verify(deployable)
    file = deployable.images(TARGET)
    file.write_text("\n".join(line for line in file.read_text().splitlines() if "auth" not in line))
    assert "they are not the same platform" in refused(deployable.promote("--yes"))


@pytest.mark.long
def test_where_the_gates_hold_it_stops_for_a_commit(deployable: Deployable) -> None:
    done(deployable.deploy("--service", "gateway", "--image", DIGEST, "--yes"))
    deployable.commit("deployed")
    verify(deployable)
    said = refused(deployable.promote("--yes", GATES="enforced"), code=3)
    assert f"git add environments/{TARGET}/images.tfvars" in said
    assert f"make promote FROM={SOURCE} TO={TARGET}" in said
    assert DIGEST in deployable.images(TARGET).read_text()
    assert kinds(deployable.history(TARGET))[-1] == ("apply", "succeeded")
