"""What holds in every environment, whatever its variables say."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.routing import planned_rules
from infra.terraform.plan_json import Plan, Resource

# Attributes that hold a policy, by resource type.
POLICIES = {
    "aws_ecr_repository_policy": "policy",
    "aws_iam_policy": "policy",
    "aws_iam_role": "assume_role_policy",
    "aws_iam_role_policy": "policy",
    "aws_kms_key": "policy",
    "aws_s3_bucket_policy": "policy",
    "aws_secretsmanager_secret_policy": "policy",
    "aws_sns_topic_policy": "policy",
    "aws_vpc_endpoint": "policy",
}

# Types whose policy is a resource of its own here; the attribute only reads it back.
SET_BY_ANOTHER_RESOURCE = {"aws_s3_bucket", "aws_sns_topic"}

# Actions that no resource can be named for: AWS accepts only "*" (service authorization reference).
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}


def statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def policies(plan: Plan) -> Iterator[tuple[Resource, dict[str, Any]]]:
    """Every policy document of a plan; one that is not known at plan fails here, because nobody could review it."""
    for resource in plan.resources.values():
        attribute = POLICIES.get(resource.type)
        if attribute and (resource.values.get(attribute) or resource.unknown.get(attribute)):
            yield resource, resource.policy(attribute)


def test_every_policy_type_in_the_plan_is_looked_at(environment_plan: Plan) -> None:
    """A resource type with a policy that POLICIES does not list would go unseen."""
    for resource in environment_plan.resources.values():
        for attribute in {**resource.values, **resource.unknown}:
            if resource.type in SET_BY_ANOTHER_RESOURCE:
                continue
            if attribute in ("policy", "assume_role_policy", "access_policy", "resource_policy", "policy_document"):
                assert POLICIES.get(resource.type) == attribute, f"{resource.address} has {attribute}"


def test_every_policy_is_known_at_plan(environment_plan: Plan) -> None:
    assert len(list(policies(environment_plan))) > 20


def test_no_role_policy_has_a_wildcard_action_or_a_foreign_resource(environment_plan: Plan) -> None:
    account = account_of(environment_plan)
    for resource, document in policies(environment_plan):
        if resource.type not in ("aws_iam_role_policy", "aws_iam_policy"):
            continue
        for statement in statements(document):
            assert "NotAction" not in statement, resource.address
            assert "NotResource" not in statement, resource.address
            for action in listed(statement["Action"]):
                assert "*" not in action, f"{resource.address} allows {action}"
            for target in listed(statement["Resource"]):
                check_target(resource, statement, target, account)


def check_target(resource: Resource, statement: dict[str, Any], target: str, account: str) -> None:
    where = f"{resource.address}, {statement.get('Sid')}: {target}"
    if target == "*":
        assert set(listed(statement["Action"])) <= WITHOUT_RESOURCE, where
        return
    _, _, service, _, owner, name = target.split(":", 5)
    if service == "s3":
        assert name.startswith("hokusai-"), where
    else:
        assert owner == account, where
    if name in ("*", "key/*") or name.endswith(":*"):
        # A key's id is not known before it exists: the alias pins it.
        pinned = "kms:ResourceAliases" in json.dumps(statement.get("Condition", {}))
        assert service == "logs" or pinned, where
    if "secret:" in name and "*" in name:
        assert "aws:rds:primaryDBInstanceArn" in json.dumps(statement.get("Condition", {})), where


def account_of(plan: Plan) -> str:
    return str(plan.document["variables"]["account_id"]["value"])


def test_resource_policies_grant_nothing_to_the_public(environment_plan: Plan) -> None:
    for resource, document in policies(environment_plan):
        for statement in statements(document):
            if statement["Effect"] == "Allow" and statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
                # Image layers: ECR hands out signed URLs of a bucket that belongs to AWS.
                if statement["Resource"] == "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*":
                    assert statement["Action"] == "s3:GetObject", resource.address
                    continue
                conditions = json.dumps(statement.get("Condition", {}))
                assert "aws:PrincipalAccount" in conditions or "aws:SourceAccount" in conditions, resource.address


def test_trust_of_every_role_is_bound_to_this_account(environment_plan: Plan) -> None:
    account = account_of(environment_plan)
    roles = environment_plan.of_type("aws_iam_role")
    assert roles
    for role in roles:
        for statement in statements(role.policy("assume_role_policy")):
            condition = statement.get("Condition", {})
            assert condition.get("StringEquals", {}).get("aws:SourceAccount") == account, role.address
            assert account in json.dumps(condition.get("ArnLike", {}).get("aws:SourceArn", "")), role.address


BUCKET_GUARDS = (
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_versioning",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_policy",
)


def guard(plan: Plan, kind: str, bucket: str) -> Resource:
    found = [each for each in plan.of_type(kind) if each["bucket"] == bucket]
    assert len(found) == 1, f"{bucket} has {len(found)} {kind}"
    return found[0]


def test_every_bucket_has_all_its_guards(environment_plan: Plan) -> None:
    buckets = environment_plan.of_type("aws_s3_bucket")
    assert buckets
    for bucket in buckets:
        name = bucket["bucket"]
        guards = {kind: guard(environment_plan, kind, name) for kind in BUCKET_GUARDS}
        block = guards["aws_s3_bucket_public_access_block"]
        for switch in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"):
            assert block[switch] is True, f"{name}: {switch}"
        assert guards["aws_s3_bucket_ownership_controls"]["rule"][0]["object_ownership"] == "BucketOwnerEnforced"
        assert guards["aws_s3_bucket_versioning"]["versioning_configuration"][0]["status"] == "Enabled", name
        [rule] = guards["aws_s3_bucket_server_side_encryption_configuration"]["rule"]
        [default] = rule["apply_server_side_encryption_by_default"]
        is_log_bucket = name.startswith("hokusai-logs-")
        # Load balancers and S3 itself deliver logs only into buckets with keys of S3.
        assert default["sse_algorithm"] == ("AES256" if is_log_bucket else "aws:kms"), name
        assert rule["bucket_key_enabled"] is not is_log_bucket, name
        rules = guards["aws_s3_bucket_lifecycle_configuration"]["rule"]
        assert any(each["abort_incomplete_multipart_upload"] for each in rules), f"{name}: unfinished uploads stay"
        assert any(each["noncurrent_version_expiration"] for each in rules), f"{name}: old versions stay for ever"
        if not is_log_bucket:
            assert guard(environment_plan, "aws_s3_bucket_logging", name)["target_bucket"].startswith("hokusai-logs-")


def test_every_bucket_refuses_plain_and_old_tls(environment_plan: Plan) -> None:
    for policy in environment_plan.of_type("aws_s3_bucket_policy"):
        denied = [each for each in statements(policy.policy()) if each["Effect"] == "Deny"]
        for condition in ({"Bool": {"aws:SecureTransport": "false"}}, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}):
            [statement] = [each for each in denied if each.get("Condition") == condition]
            assert statement["Action"] == "s3:*", policy.address
            assert statement["Principal"] in ("*", {"AWS": "*"}), policy.address
            bucket = f"arn:aws:s3:::{policy['bucket']}"
            assert sorted(listed(statement["Resource"])) == [bucket, f"{bucket}/*"], policy.address


def test_artifacts_can_only_be_encrypted_with_the_buckets_own_key(environment_plan: Plan) -> None:
    [policy] = [
        each
        for each in environment_plan.of_type("aws_s3_bucket_policy")
        if each["bucket"].startswith("hokusai-mlflow-artifacts-")
    ]
    refused = {
        variable
        for statement in statements(policy.policy())
        if statement["Effect"] == "Deny" and "s3:PutObject" in listed(statement["Action"])
        for variable, value in statement.get("Condition", {}).get("Null", {}).items()
        if value == "false"
    }
    assert {
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-server-side-encryption-customer-algorithm",
    } <= refused


def test_every_log_group_has_retention_and_a_key(environment_plan: Plan) -> None:
    groups = environment_plan.of_type("aws_cloudwatch_log_group")
    assert len(groups) >= 6
    for group in groups:
        assert group["retention_in_days"] > 0, group.address
        assert group.unknown.get("kms_key_id") is True or group.values.get("kms_key_id"), f"{group.address} has no key"


def test_every_key_rotates(environment_plan: Plan) -> None:
    keys = environment_plan.of_type("aws_kms_key")
    assert len(keys) >= 3
    for key in keys:
        assert key["enable_key_rotation"] is True, key.address


def tasks(plan: Plan) -> dict[str, dict[str, Any]]:
    """The one container of every task definition, by family."""
    found = {}
    for task in plan.of_type("aws_ecs_task_definition"):
        [container] = json.loads(task["container_definitions"])
        found[task["family"]] = container
    assert len(found) == 4, sorted(found)
    return found


def test_every_image_is_a_digest(environment_plan: Plan) -> None:
    for family, container in tasks(environment_plan).items():
        assert re.search(r"@sha256:[0-9a-f]{64}$", container["image"]), f"{family}: {container['image']}"


def test_every_container_has_a_read_only_root_and_no_power(environment_plan: Plan) -> None:
    for family, container in tasks(environment_plan).items():
        assert container["readonlyRootFilesystem"] is True, family
        assert container["user"].split(":")[0] not in ("0", "root"), family
        assert container.get("privileged", False) is False, family


def test_no_secret_stands_in_an_environment(environment_plan: Plan) -> None:
    passwords = 0
    for family, container in tasks(environment_plan).items():
        names = {item["name"] for item in container["environment"]}
        secrets = {item["name"]: item["valueFrom"] for item in container.get("secrets", [])}
        assert not any(re.search(r"PASSWORD|SECRET|TOKEN|PRIVATE", name) for name in names), family
        for name, source in secrets.items():
            assert source.startswith("arn:aws:ssm:"), f"{family}: {name}"
            assert f":{account_of(environment_plan)}:parameter/hokusai/" in source, f"{family}: {name}"
            passwords += name == "DATABASE_PASSWORD"
    assert passwords == 2


def test_services_and_their_calls_by_name(environment_plan: Plan) -> None:
    """Whatever a container calls in the private namespace is a service that ECS registers there."""
    environment = environment_plan.document["variables"]["environment"]["value"]
    registered = set()
    for service in environment_plan.of_type("aws_ecs_service"):
        if service.unknown.get("service_registries") or service.values.get("service_registries"):
            registered.add(str(service["name"]).removeprefix("hokusai-"))
    assert registered == {"mlflow", "auth"}
    discovered = {each["name"] for each in environment_plan.of_type("aws_service_discovery_service")}
    assert discovered == registered
    called = set()
    for container in tasks(environment_plan).values():
        for item in container["environment"]:
            called |= set(re.findall(rf"([a-z-]+)\.hokusai-{environment}\.local", item["value"]))
    assert called == registered


def test_no_listener_rule_reaches_mlflow(environment_plan: Plan) -> None:
    rules = planned_rules(environment_plan)
    assert rules
    outcomes = {rule.outcome for rule in rules}
    assert outcomes == {"-> registry", "-> auth"}
    ports = {str(group.index): group["port"] for group in environment_plan.of_type("aws_lb_target_group")}
    assert ports == {"registry": 8001, "auth": 8000}
    balanced = {
        str(service["name"]): service
        for service in environment_plan.of_type("aws_ecs_service")
        if service.values.get("load_balancer")
    }
    assert set(balanced) == {"hokusai-gateway", "hokusai-auth"}


def test_only_the_gateway_may_connect_to_mlflow(environment_plan: Plan) -> None:
    ingress = environment_plan.of_type("aws_vpc_security_group_ingress_rule")
    assert [rule["tags"]["From"] for rule in ingress if rule["tags"]["To"] == "mlflow"] == ["gateway"]
    assert [rule["tags"]["To"] for rule in ingress if rule["from_port"] == 5000] == ["mlflow"]


def test_the_internet_reaches_only_load_balancers(environment_plan: Plan) -> None:
    for rule in environment_plan.of_type("aws_vpc_security_group_ingress_rule"):
        if rule.values.get("cidr_ipv4") or rule.values.get("cidr_ipv6"):
            assert str(rule.index).startswith("internet-to-alb-"), rule.address
            assert rule["from_port"] in (80, 443), rule.address
            assert rule["to_port"] == rule["from_port"], rule.address


def test_no_task_has_a_public_address(environment_plan: Plan) -> None:
    for service in environment_plan.of_type("aws_ecs_service"):
        assert service["network_configuration"][0]["assign_public_ip"] is False, service.address


def test_every_service_rolls_back_a_failed_deployment(environment_plan: Plan) -> None:
    services = environment_plan.of_type("aws_ecs_service")
    assert len(services) == 3
    for service in services:
        assert service["deployment_circuit_breaker"] == [{"enable": True, "rollback": True}], service.address
        [alarms] = service["alarms"]
        assert alarms["enable"], service.address
        assert alarms["rollback"], service.address
        assert alarms["alarm_names"], service.address


def test_listeners_speak_tls_only(environment_plan: Plan) -> None:
    listeners = environment_plan.of_type("aws_lb_listener")
    assert listeners
    for listener in listeners:
        [action] = listener["default_action"]
        if listener["protocol"] == "HTTP":
            assert action["type"] == "redirect", listener.address
            assert action["redirect"][0]["status_code"] == "HTTP_301", listener.address
        else:
            assert "TLS13" in listener["ssl_policy"], listener.address
            assert action["type"] == "fixed-response", listener.address
            assert action["fixed_response"][0]["status_code"] == "404", listener.address


def test_load_balancers_are_guarded(environment_plan: Plan) -> None:
    balancers = environment_plan.of_type("aws_lb")
    for balancer in balancers:
        assert balancer["drop_invalid_header_fields"] is True, balancer.address
        assert balancer["access_logs"][0]["enabled"] is True, balancer.address
        assert balancer["desync_mitigation_mode"] in ("defensive", "strictest"), balancer.address
    assert len(environment_plan.of_type("aws_wafv2_web_acl_association")) == len(balancers)


def test_database_is_private_encrypted_and_its_password_is_aws_own(environment_plan: Plan) -> None:
    [database] = environment_plan.of_type("aws_db_instance")
    assert database["publicly_accessible"] is False
    assert database["storage_encrypted"] is True
    assert database["manage_master_user_password"] is True
    assert not database.values.get("password")
    parameters = {
        each["name"]: each["value"]
        for group in environment_plan.of_type("aws_db_parameter_group")
        for each in group["parameter"]
    }
    assert parameters["rds.force_ssl"] == "1"


def test_the_account_guard_is_on(environment_plan: Plan) -> None:
    provider = environment_plan.document["configuration"]["provider_config"]["aws"]["expressions"]
    assert provider["allowed_account_ids"]["references"] == ["var.account_id"]


def test_everything_that_can_be_tagged_says_where_it_comes_from(environment_plan: Plan) -> None:
    for resource in environment_plan.resources.values():
        if resource.values.get("tags_all"):
            assert resource["tags_all"]["Root"] == "environments/stack", resource.address
            assert resource["tags_all"]["Environment"], resource.address


@pytest.mark.parametrize("name", ["production"])
def test_production_keeps_what_it_holds(plans: dict[str, Plan], name: str) -> None:
    if name not in plans:
        pytest.fail(f"no plan of {name}")
    plan = plans[name]
    [database] = plan.of_type("aws_db_instance")
    assert database["deletion_protection"] is True
    assert database["skip_final_snapshot"] is False
    assert database["multi_az"] is True
    assert all(balancer["enable_deletion_protection"] for balancer in plan.of_type("aws_lb"))
    assert not any(bucket["force_destroy"] for bucket in plan.of_type("aws_s3_bucket"))
    assert not any(service["enable_execute_command"] for service in plan.of_type("aws_ecs_service"))
    guards = {each.module for each in plan.of_type("terraform_data") if each.name == "guard"}
    assert any("artifact_bucket" in module for module in guards)
    assert any("database" in module for module in guards)
    for role in plan.of_type("aws_iam_role"):
        assert role["permissions_boundary"] == f"arn:aws:iam::{account_of(plan)}:policy/hokusai-boundary-{name}", (
            role.address
        )
    spot = [
        each
        for each in plan.of_type("aws_ecs_cluster_capacity_providers")
        if "FARGATE_SPOT" in each["capacity_providers"]
    ]
    assert not spot
