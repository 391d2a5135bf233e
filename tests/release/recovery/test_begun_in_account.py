"""Every object of an environment, had it been under way when everything was killed: found again, and the right one."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.console import progress
from infra.environment import environment_names, load_environment
from infra.release.recovery import replay
from infra.release.recovery.account_lookup import lookup_in
from infra.release.recovery.begun_objects import find
from infra.release.recovery.completion import Completion
from infra.release.recovery.journalled import Address, Journalled
from infra.terraform.session import find_tools, open_session
from infra.terraform.stack import open_stack
from tests.environments.lifecycle import Lifecycles
from tests.release.selected import selected

# Made again they are what they were.
SET_AGAIN = {
    "aws_appautoscaling_policy",
    "aws_appautoscaling_target",
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_metric_alarm",
    "aws_default_security_group",
    "aws_ecs_cluster_capacity_providers",
    "aws_ecs_task_definition",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_logging",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_sns_topic_policy",
    "aws_sns_topic_subscription",
    "aws_wafv2_web_acl_association",
    "aws_wafv2_web_acl_logging_configuration",
}


@pytest.mark.parametrize("environment", environment_names())
def test_lifecycle_each_object_is_found_again(lifecycles: Lifecycles, environment: str) -> None:
    lookup = lookup_in(load_environment(environment), selected(lifecycles.applied_account(environment)))
    # The plan knows what others refer to, and is said to make everything.
    changes = [
        each | {"change": each["change"] | {"actions": ["create"]}}
        for each in lifecycles.second_plan(environment).document["resource_changes"]
        if each["mode"] == "managed" and each["type"] != "terraform_data"
    ]
    begun = {Address(each["address"], "", each["type"], each["name"], each.get("index")) for each in changes}
    found, unclear = find(begun, {"resource_changes": changes}, set(), lookup)
    assert unclear == []
    assert {address.text: identity.value for address, identity in found.items()} == {
        # The provider takes an instance's name for its id, too.
        each["address"]: values["identifier"] if each["type"] == "aws_db_instance" else values["id"]
        for each in changes
        for values in [each["change"]["after"]]
        if each["type"] not in SET_AGAIN
    }


@pytest.mark.long
@pytest.mark.parametrize("name", environment_names())
def test_lifecycle_a_state_that_lost_everything_is_brought_back(
    lifecycles: Lifecycles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Each object is found as soon as what it is a part of is in the state again."""
    monkeypatch.setenv("INFRA_BUILD", str(tmp_path / "build"))
    environment, account = load_environment(name), lifecycles.applied_account(name).fork()
    try:
        with open_session(find_tools(), account.environment(os.environ)) as session, progress("completing") as step:
            root = open_stack(environment, session)
            whole = root.state_pull()
            empty = tmp_path / "empty.tfstate"
            empty.write_text(json.dumps(replay.next_version({**whole, "resources": []}, "1.11.0")))
            root.state_push(empty)
            completion = Completion(root, environment, session, step)
            lookup = lookup_in(environment, selected(account))
            completed = completion.run(Journalled(begun=set(addresses(whole))), lookup)
            after, left = root.state_pull(), completion.left()[1].changes
    finally:
        account.stop()
    assert completed.unclear == ()
    assert ids(after) == {
        address: identity for address, identity in ids(whole).items() if address.type not in SET_AGAIN
    }
    assert {each["type"] for each in left if each["change"]["actions"] != ["update"]} <= {*SET_AGAIN, "terraform_data"}


def addresses(state: Mapping[str, Any]) -> Iterator[Address]:
    for resource, instance in replay.instances(state):
        if resource["mode"] == "managed" and resource["type"] != "terraform_data":
            text = replay.address_of(resource, instance)
            module, key = resource.get("module", ""), instance.get("index_key")
            yield Address(text, module, resource["type"], resource["name"], key)


def ids(state: Mapping[str, Any]) -> dict[Address, str]:
    held = {replay.address_of(*each): each[1]["attributes"]["id"] for each in replay.instances(state)}
    return {address: held[address.text] for address in addresses(state)}
