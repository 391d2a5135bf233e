"""container-registry: immutable, scanned, encrypted repositories whose images go by count, never by accident."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.repository import MODULES
from infra.terraform.configuration import declarations
from infra.terraform.plan_json import Plan
from tests.conftest import ACCOUNT_ID, REGION, Refusal
from tests.module_plans import ModulePlans

MODULE = "container-registry"
REPOSITORIES = {"gateway": {}, "mlflow": {"keep_images": 30, "untagged_days": 7}}
INPUTS: dict[str, object] = {"repositories": REPOSITORIES}


@pytest.fixture(scope="module")
def protected(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS)


@pytest.fixture(scope="module")
def unprotected(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS | {"deletion_protection": False, "tags": {"team": "platform"}})


def declared(address: str) -> Mapping[str, Any]:
    """The code of a resource, where a plan says too little."""
    return next(item.body for item in declarations((MODULES / MODULE).glob("*.tf")) if item.address == address)


def test_every_repository_is_immutable_scanned_and_encrypted(protected: Plan) -> None:
    repositories = protected.of_type("aws_ecr_repository")
    assert {repository["name"] for repository in repositories} == {"hokusai/gateway", "hokusai/mlflow"}
    for repository in repositories:
        assert repository["image_tag_mutability"] == "IMMUTABLE"
        assert repository["image_scanning_configuration"] == [{"scan_on_push": True}]
        assert repository["encryption_configuration"][0]["encryption_type"] == "KMS"
        assert repository["force_delete"] is False


def test_the_key_is_the_modules_own() -> None:
    """A plan cannot tell it from AWS's own: both are known after apply."""
    (encryption,) = declared("aws_ecr_repository.this")["encryption_configuration"]
    assert encryption["kms_key"] == "${aws_kms_key.this.arn}"


def test_the_key_rotates_and_leaves_the_decision_to_iam(protected: Plan) -> None:
    key = protected["aws_kms_key.this"]
    assert key["enable_key_rotation"] is True
    assert key["deletion_window_in_days"] == 30
    assert [statement["Principal"] for statement in key.policy()["Statement"]] == [
        {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    ]
    assert protected["aws_kms_alias.this"]["name"] == "alias/hokusai-container-registry"


@pytest.mark.parametrize(("repository", "days", "images"), [("gateway", 14, 50), ("mlflow", 7, 30)])
def test_images_go_by_count_and_untagged_ones_by_age(protected: Plan, repository: str, days: int, images: int) -> None:
    rules = json.loads(protected[f'aws_ecr_lifecycle_policy.this["{repository}"]']["policy"])["rules"]
    assert [rule["selection"] for rule in sorted(rules, key=lambda rule: rule["rulePriority"])] == [
        {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days},
        {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": images},
    ]
    assert all(rule["action"] == {"type": "expire"} for rule in rules)


def test_a_guard_stands_for_each_repository_only_where_deletion_is_refused(protected: Plan, unprotected: Plan) -> None:
    assert {guard.index for guard in protected.of_type("terraform_data")} == set(REPOSITORIES)
    assert unprotected.of_type("terraform_data") == []
    assert all(repository["force_delete"] is True for repository in unprotected.of_type("aws_ecr_repository"))


def test_the_guards_are_fixed_to_single_attributes_of_repository_and_key() -> None:
    """A reference to a whole resource would refuse every change in place, a new tag for instance."""
    (lifecycle,) = declared("terraform_data.guard")["lifecycle"]
    assert lifecycle["prevent_destroy"] is True
    assert lifecycle["replace_triggered_by"] == ["${aws_ecr_repository.this[each.key].id}", "${aws_kms_key.this.id}"]


def test_what_others_name_is_known_at_plan(protected: Plan) -> None:
    assert protected.outputs["repository_arns"] == {
        name: f"arn:aws:ecr:{REGION}:{ACCOUNT_ID}:repository/hokusai/{name}" for name in REPOSITORIES
    }
    assert protected.outputs["repository_urls"] == {
        name: f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/hokusai/{name}" for name in REPOSITORIES
    }
    assert protected.outputs["key_alias"] == "alias/hokusai-container-registry"


def test_tags_reach_every_resource_that_takes_them(unprotected: Plan) -> None:
    tagged = [resource for resource in unprotected.resources.values() if "tags" in resource.values]
    assert len(tagged) == 3
    assert all(resource["tags"]["team"] == "platform" for resource in tagged)


def test_the_example_plans(plan: ModulePlans) -> None:
    assert set(plan(MODULE, {}, root="examples/basic").outputs["repository_urls"]) == {"gateway", "mlflow"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"repositories": {}}, "repositories is empty: name at least one repository"),
        ({"repositories": {"Gateway": {}}}, 'names that ECR does not accept: "Gateway"'),
        ({"repositories": {"a--b": {}, "ok": {}}}, 'names that ECR does not accept: "a--b"'),
        (
            {"repositories": {"mlflow": {"keep_images": 3}}},
            'a rollback finds its image expired; change it in "mlflow" (3)',
        ),
        ({"repositories": {"mlflow": {"keep_images": 10.5}}}, 'change it in "mlflow" (10.5)'),
        (
            {"repositories": {"mlflow": {"untagged_days": 0}}},
            'untagged_days must be a whole number of at least 1; change it in "mlflow" (0)',
        ),
        ({"key_deletion_window_days": 3}, "key_deletion_window_days is 3: KMS accepts whole days from 7 to 30"),
    ],
)
def test_it_refuses(refuse: Refusal, change: dict[str, Any], message: str) -> None:
    refuse(MODULE, INPUTS | change, message)
