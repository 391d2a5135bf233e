"""What holds in every environment of this repository, whatever its variables say.

What must hold in every plan, also in those of other repositories, is in policies/ (test_policies.py).
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from infra.policies.iam.documents import documents
from infra.routing import planned_rules
from infra.terraform.plan_json import Plan, Resource
from tests.environments.services import CALLED_BY_NAME, RUN_ONCE, SERVICES

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
    """Every policy document of a plan; that each is known is policies/iam_known.py."""
    for found in documents(plan):
        if found.statements is not None:
            yield found.resource, json.loads(found.text)


def test_policies_are_found(environment_plan: Plan) -> None:
    assert len(list(policies(environment_plan))) > 20


def test_no_role_policy_is_about_a_foreign_resource(environment_plan: Plan) -> None:
    account = account_of(environment_plan)
    for resource, document in policies(environment_plan):
        if resource.type not in ("aws_iam_role_policy", "aws_iam_policy"):
            continue
        for statement in statements(document):
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
    assert len(found) == len(SERVICES | RUN_ONCE), sorted(found)
    return found


def test_every_container_has_a_read_only_root_and_no_power(environment_plan: Plan) -> None:
    for family, container in tasks(environment_plan).items():
        assert container["readonlyRootFilesystem"] is True, family
        assert container["user"].split(":")[0] not in ("0", "root"), family
        assert container.get("privileged", False) is False, family


def test_secrets_come_from_this_accounts_parameters(environment_plan: Plan) -> None:
    passwords = 0
    for family, container in tasks(environment_plan).items():
        secrets = {item["name"]: item["valueFrom"] for item in container.get("secrets", [])}
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
    assert registered == CALLED_BY_NAME
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
    assert len(services) == len(SERVICES)
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


def test_everything_that_can_be_tagged_says_where_it_comes_from(environment_plan: Plan) -> None:
    for resource in environment_plan.resources.values():
        if resource.values.get("tags_all"):
            assert resource["tags_all"]["Root"] == "environments/stack", resource.address
            assert resource["tags_all"]["Environment"], resource.address


def test_production_guards_what_it_holds(plans: dict[str, Plan]) -> None:
    """Beside the switches, which are policies/production_strictness.py."""
    plan = plans["production"]
    guards = {each.module for each in plan.of_type("terraform_data") if each.name == "guard"}
    assert any("artifact_bucket" in module for module in guards)
    assert any("database" in module for module in guards)
    for role in plan.of_type("aws_iam_role"):
        boundary = f"arn:aws:iam::{account_of(plan)}:policy/hokusai-boundary-production"
        assert role.values.get("permissions_boundary") in (None, boundary), role.address
