"""One run of the fault campaign: a copied account, an apply that something happens to, one command that recovers."""

import json
import os
import random
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.account.emulated import EmulatedAccount
from infra.release.remote_state import STATE_KEY
from tests.release.checkout import BUCKET, ENVIRONMENT, Release
from tests.release.faults import Decides
from tests.release.in_front import in_front_of

# What generation 2 of tests/release/root is, as `objects` counts it.
SECOND_GENERATION = {
    "log group": 2,
    "parameter": 5,
    "role": 1,
    "role policy": 1,
    "security group": 2,
    "security group rule": 1,
    "topic": 2,
}


# In the long form everything is gone through to its end.
LONG = "CAMPAIGN" in os.environ


def kills(short: int) -> int:
    """How often a campaign kills.

    Args:
        short: in its short form, a part of every test run.

    Returns:
        That, or what CAMPAIGN says.
    """
    return int(os.environ.get("CAMPAIGN", str(short)))


def chance(run: object) -> random.Random:
    """Randomness of a run, which can be had again.

    Args:
        run: names the run.

    Returns:
        A generator of its own; its seed is printed, and CAMPAIGN_SEED gives the same again.
    """
    seed = os.environ.get("CAMPAIGN_SEED") or str(secrets.randbits(32))
    print(f"run {run}: CAMPAIGN_SEED={seed}")
    return random.Random(f"{seed}/{run}")  # noqa: S311 - no secret


@dataclass
class Base:
    """What each run begins with: generation 1 applied, generation 2 planned.

    Args:
        release: repository and build folder.
        account: to be copied.
        seconds: how long an apply takes here that nothing happens to.
    """

    release: Release
    account: EmulatedAccount
    seconds: float

    @contextmanager
    def copy(self, folder: Path, decides: Decides | None = None) -> Iterator[tuple[Release, EmulatedAccount]]:
        """A copy of the account, and a build folder in which the plan of generation 2 lies.

        Args:
            folder: where the build folder is made.
            decides: what happens to each call of its commands to the account.

        Yields:
            Commands in it, and the account.
        """
        account = self.account.fork()
        try:
            with in_front_of(account, decides) if decides else nullcontext(account) as seen:
                yield self.in_front(folder, seen), account
        finally:
            account.stop()

    def in_front(self, folder: Path, account: EmulatedAccount) -> Release:
        """A build folder for an account that is a copy, with the saved plan in it."""
        release = self.release.beside(folder, account)
        for file in (self.release.build / ENVIRONMENT).glob("plan.*"):
            shutil.copy(file, folder / ENVIRONMENT)
        record = folder / ENVIRONMENT / "plan.record.json"
        written = json.loads(record.read_text()) | {"account_instance": account.instance_id}
        record.write_text(json.dumps(written))
        (folder / "last-planned").write_text(ENVIRONMENT)
        return release


def objects(account: EmulatedAccount) -> dict[str, set[str]]:
    """Everything in the account that the stack makes.

    Args:
        account: the account.

    Returns:
        Kind -> ids as Terraform has them.
    """
    ec2, iam, logs, sns, ssm = (account.client(name) for name in ("ec2", "iam", "logs", "sns", "ssm"))
    groups = {
        group["GroupId"]
        for group in ec2.describe_security_groups()["SecurityGroups"]
        if group["GroupName"].startswith("hokusai-")
    }
    roles = {role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].startswith("hokusai-")}
    return {
        "log group": {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]},
        "parameter": {each["Name"] for each in ssm.describe_parameters()["Parameters"]},
        "role": roles,
        "role policy": {
            f"{role}:{name}" for role in roles for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        },
        "security group": groups,
        "security group rule": {
            rule["SecurityGroupRuleId"]
            for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]
            if rule["GroupId"] in groups and not rule["IsEgress"]
        },
        "topic": {topic["TopicArn"] for topic in sns.list_topics()["Topics"]},
    }


_KINDS = {
    "aws_cloudwatch_log_group": "log group",
    "aws_iam_role": "role",
    "aws_iam_role_policy": "role policy",
    "aws_security_group": "security group",
    "aws_sns_topic": "topic",
    "aws_ssm_parameter": "parameter",
    "aws_vpc_security_group_ingress_rule": "security group rule",
}


def known_to_state(account: EmulatedAccount) -> dict[str, set[str]]:
    """What the Terraform state holds, in the words of `objects`."""
    answer = account.client("s3").get_object(Bucket=BUCKET, Key=STATE_KEY)
    state: dict[str, Any] = json.loads(answer["Body"].read())
    found: dict[str, set[str]] = {kind: set() for kind in _KINDS.values()}
    for resource in state["resources"]:
        if resource["type"] in _KINDS:
            ids = [instance["attributes"]["id"] for instance in resource["instances"]]
            assert len(ids) == len(set(ids)), f"{resource['type']}.{resource['name']} holds an object twice"
            found[_KINDS[resource["type"]]].update(ids)
    return found


def run(release: Release, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, and give what it said when it fails."""
    result = release.infra(*arguments, GATES="")
    assert result.returncode == 0, f"infra {' '.join(arguments)}\n{result.stdout}\n{result.stderr}"
    return result


def agree(release: Release, account: EmulatedAccount, said: str) -> None:
    """State, ledger and account agree, and nothing is locked.

    Args:
        release: whose.
        account: its account.
        said: what is told where they do not.
    """
    run(release, "history", "--env", ENVIRONMENT, "--verify")
    assert "tflock" not in str(account.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="stack/")), "still locked"
    known, there = known_to_state(account), objects(account)
    differ = {kind: {"state": known[kind], "account": there[kind]} for kind in there if known[kind] != there[kind]}
    assert not differ, f"{differ}\n{said}"


def recovers(release: Release, account: EmulatedAccount, *, go_on: bool) -> str:
    """One command recovers: afterwards state, ledger and account agree, and what is left can be applied.

    Args:
        release: where the change was begun.
        account: its account.
        go_on: apply what is left as well; it takes as long as the rest.

    Returns:
        What recovering said.
    """
    said = run(release, "recover", "--env", ENVIRONMENT).stdout
    agree(release, account, said)
    if not go_on:
        return said
    run(release, "plan", "--env", ENVIRONMENT)
    run(release, "apply", "--yes")
    there = objects(account)
    assert {kind: len(ids) for kind, ids in there.items()} == SECOND_GENERATION, said
    assert known_to_state(account) == there
    run(release, "history", "--env", ENVIRONMENT, "--verify")
    return said
