"""Who reaches artifacts: MLflow, and the gateway where it moves them itself; both lanes are judged."""

from typing import Any

from infra.terraform.plan_json import Plan
from tests.environments.test_invariants import listed, policies, statements, tasks

# What reading, writing, listing and deleting objects takes, whole and in parts; nothing about versions or the bucket.
IN_THE_BUCKET = {"s3:ListBucket"}
BELOW_THE_PREFIX = {
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
}
WITH_THE_KEY = {"kms:Decrypt", "kms:GenerateDataKey"}


def environment_of(plan: Plan, service: str) -> dict[str, str]:
    [container] = [each for each in tasks(plan).values() if each["name"] == service]
    return {item["name"]: item["value"] for item in container["environment"]}


def role_of(plan: Plan, service: str) -> list[dict[str, Any]]:
    """Statements of a program's role about S3, or about keys through S3."""
    address = f'module.task_roles.aws_iam_role_policy.task["{service}"]'
    if address not in plan.resources:
        return []
    return [
        statement
        for statement in statements(plan[address].policy())
        if any(action.startswith("s3:") for action in listed(statement["Action"]))
        or "s3." in str(statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService"))
    ]


def test_only_mlflow_and_the_gateway_on_its_lane_reach_artifacts(lane_plan: Plan) -> None:
    """No other role has any permission in S3."""
    reaching = {
        str(resource.index)
        for resource, document in policies(lane_plan)
        if resource.type in ("aws_iam_role_policy", "aws_iam_policy")
        and any(
            action.startswith("s3:") for statement in statements(document) for action in listed(statement["Action"])
        )
    }
    direct = environment_of(lane_plan, "gateway")["ARTIFACT_LANE"] == "direct"
    assert reaching == ({"mlflow", "gateway"} if direct else {"mlflow"})
    assert bool(role_of(lane_plan, "gateway")) is direct


def test_who_reaches_artifacts_reaches_its_own_destination_only(lane_plan: Plan) -> None:
    for service in ("mlflow", "gateway"):
        destination = environment_of(lane_plan, service).get("ARTIFACTS_DESTINATION")
        if destination is None:
            assert role_of(lane_plan, service) == []
            continue
        bucket, prefix = destination.removeprefix("s3://").split("/", 1)
        assert lane_plan["module.artifact_bucket.module.bucket.aws_s3_bucket.this"]["bucket"] == bucket
        found = {statement["Sid"]: statement for statement in role_of(lane_plan, service)}
        assert set(found) == {"ListArtifacts", "ReadAndWriteArtifacts", "UseArtifactKey"}, service
        lists, objects, key = (found[sid] for sid in ("ListArtifacts", "ReadAndWriteArtifacts", "UseArtifactKey"))
        assert set(listed(lists["Action"])) == IN_THE_BUCKET
        assert listed(lists["Resource"]) == [f"arn:aws:s3:::{bucket}"]
        assert lists["Condition"] == {"StringLike": {"s3:prefix": f"{prefix}/*"}}
        assert set(listed(objects["Action"])) == BELOW_THE_PREFIX
        assert listed(objects["Resource"]) == [f"arn:aws:s3:::{bucket}/{prefix}/*"]
        assert set(listed(key["Action"])) == WITH_THE_KEY
        alias = lane_plan["module.artifact_bucket.module.bucket.aws_kms_alias.this[0]"]["name"]
        assert key["Condition"]["ForAnyValue:StringEquals"] == {"kms:ResourceAliases": alias}


def test_both_lanes_use_the_same_objects(lane_plan: Plan) -> None:
    destinations = {
        environment_of(lane_plan, service).get("ARTIFACTS_DESTINATION") for service in ("mlflow", "gateway")
    }
    assert len(destinations - {None}) == 1


def test_who_reaches_artifacts_gets_through_to_s3(lane_plan: Plan) -> None:
    """Every task pulls image layers from S3, so all of them get there; the table says who also moves artifacts."""
    rules = {str(each.index): each for each in lane_plan.of_type("aws_vpc_security_group_egress_rule")}
    moving = set()
    for service in ("gateway", "mlflow", "mlflow-migration", "auth"):
        rule = rules[f"{service}-to-s3"]
        assert (rule["from_port"], rule["to_port"], rule["ip_protocol"]) == (443, 443, "tcp")
        assert rule.unknown.get("prefix_list_id") or rule.values.get("prefix_list_id"), service
        if "artifacts" in rule["description"]:
            moving.add(service)
    assert moving == {service for service in ("gateway", "mlflow") if role_of(lane_plan, service)}


def test_the_lane_is_what_the_variable_says(lane_plan: Plan) -> None:
    planned = lane_plan.document["variables"]["artifact_lane"]["value"]
    assert environment_of(lane_plan, "gateway")["ARTIFACT_LANE"] == planned


def test_both_lanes_are_judged(plans: dict[str, Plan], other_lane_plan: Plan) -> None:
    judged = [*plans.values(), other_lane_plan]
    lanes = {environment_of(plan, "gateway")["ARTIFACT_LANE"] for plan in judged}
    assert lanes == {"direct", "mlflow"}, "other_lane_plan (conftest.py) must have the lane that no environment has"
