"""What apply refuses before anything is changed, and what is recovered from another checkout."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.account.emulated import EmulatedAccount
from infra.release.remote_state import STATE_KEY
from tests.release.campaign import Base, known_to_state, objects, run
from tests.release.checkout import BUCKET, ENVIRONMENT, Release
from tests.release.kills import kill, wait_for_messages


def refused(release: Release, *arguments: str, **variables: str) -> str:
    result = release.infra(*arguments, **({"GATES": ""} | variables))
    assert result.returncode != 0, result.stdout
    assert result.stderr.count("ERROR ") == 1, result.stderr
    return result.stderr[result.stderr.index("ERROR ") :]


def entries(release: Release) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(run(release, "history", "--env", ENVIRONMENT, "--json").stdout)
    return listed


def test_what_is_refused(base: Base, tmp_path: Path) -> None:
    with base.copy(tmp_path / "build") as (release, account):
        before, there = entries(release), objects(account)
        assert [entry["kind"] for entry in before] == ["plan", "apply", "apply"]

        unclean = release.root / "environments" / "unclean"
        unclean.touch()
        try:
            assert "something else is checked out here now" in refused(release, "apply", "--yes", GATES="enforced")
        finally:
            unclean.unlink()
        assert "it needs 1 approval" in refused(release, "apply", "--yes", GATES="enforced")

        ssm = account.client("ssm")
        ssm.put_parameter(Name=f"/hokusai/{ENVIRONMENT}/a", Value="by hand", Type="String", Overwrite=True)
        said = refused(release, "apply", "--yes")
        assert 'aws_ssm_parameter.setting["a"] was changed outside Terraform' in said
        assert 'aws_ssm_parameter.setting["a"] would be changed too (update)' in said
        assert "by hand" not in said

        write_state(account, serial=7)
        assert "The saved plan is stale: it was made on serial" in refused(release, "apply", "--yes")
        assert "was last written by something else" in refused(release, "history", "--env", ENVIRONMENT, "--verify")
        assert (entries(release), objects(account)) == (before, there), "nothing was changed"

        run(release, "recover", "--env", ENVIRONMENT)
        run(release, "history", "--env", ENVIRONMENT, "--verify")
        assert entries(release)[-1]["note"] == "the state was written without this tooling; entered as it was found"


def write_state(account: EmulatedAccount, serial: int) -> None:
    """As Terraform run by hand would."""
    s3 = account.client("s3")
    state = json.loads(s3.get_object(Bucket=BUCKET, Key=STATE_KEY)["Body"].read())
    s3.put_object(Bucket=BUCKET, Key=STATE_KEY, Body=json.dumps(state | {"serial": serial}))


@pytest.mark.long
def test_recovered_from_another_checkout(base: Base, tmp_path: Path) -> None:
    """The machine that applied is gone: somebody must say so, and then it is recovered without the journal."""
    with base.copy(tmp_path / "build") as (release, account):
        with release.start("apply", "--yes", GATES="") as process:
            wait_for_messages(16, release, process)
            kill(process, "everything")
        other = release.beside(tmp_path / "other", account)
        number = entries(other)[-1]["number"]
        for command in ("plan", "destroy"):
            more = ("--yes", "--confirm", f"destroy-{ENVIRONMENT}") if command == "destroy" else ()
            said = refused(other, command, "--env", ENVIRONMENT, *more)
            assert f"entry {number} of the ledger) is unknown" in said
            assert f"make recover ENV={ENVIRONMENT}" in said
        assert f"ENTRY={number}" in refused(other, "recover", "--env", ENVIRONMENT)
        assert f"ENTRY={number}" in refused(other, "recover", "--env", ENVIRONMENT, "--entry", str(number + 1))
        run(other, "recover", "--env", ENVIRONMENT, "--entry", str(number))
        run(other, "history", "--env", ENVIRONMENT, "--verify")
        run(other, "plan", "--env", ENVIRONMENT)


@pytest.mark.long
def test_an_interrupted_destroy(base: Base, tmp_path: Path) -> None:
    confirmed = ("destroy", "--env", ENVIRONMENT, "--yes", "--confirm", f"destroy-{ENVIRONMENT}")
    with base.copy(tmp_path / "build") as (release, account):
        with release.start(*confirmed, GATES="") as process:
            wait_for_messages(25, release, process)
            kill(process, "everything")
        assert entries(release)[-1]["outcome"] == "unknown", "it was over before it could be killed"
        run(release, "recover", "--env", ENVIRONMENT)
        run(release, "history", "--env", ENVIRONMENT, "--verify")
        assert known_to_state(account) == objects(account)
        run(release, *confirmed)
        assert not any(objects(account).values())
        assert [(entry["kind"], entry["outcome"]) for entry in entries(release)][-2:] == [
            ("destroy", "unknown"),
            ("destroy", "succeeded"),
        ]
        run(release, "history", "--env", ENVIRONMENT, "--verify")
