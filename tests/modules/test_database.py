"""database: TLS only, encrypted, kept; and no password in a plan, whatever the plan is made of."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.repository import MODULES
from infra.terraform.configuration import arguments, declarations
from infra.terraform.plan_json import Plan, Resource
from tests.conftest import ACCOUNT_ID, REGION, Refusal
from tests.module_plans import ModulePlans

MODULE = "database"
LOG_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BOUNDARY = f"arn:aws:iam::{ACCOUNT_ID}:policy/hokusai-boundary-production"
ARN = f"arn:aws:rds:{REGION}:{ACCOUNT_ID}:db:hokusai-mlflow-production"
PARAMETERS = f"arn:aws:ssm:{REGION}:{ACCOUNT_ID}:parameter/hokusai/production/database"
# A plan cannot tell an own key from AWS's: both are known after apply. So the code is asked.
OWN_KEY = "${aws_kms_key.this.arn}"
INPUTS: dict[str, object] = {
    "environment": "production",
    "vpc_id": "vpc-0a1b2c3d4e5f60718",
    "subnet_ids": {"a": "subnet-0a1b2c3d4e5f60718", "b": "subnet-0f1e2d3c4b5a69788"},
    "engine_version": "16.9",
    "instance_class": "db.m7g.large",
    "allocated_storage_gib": 100,
    "max_allocated_storage_gib": 500,
    "multi_az": True,
    "backup_retention_days": 35,
    "log_retention_days": 365,
    "log_kms_key_arn": LOG_KEY,
    "permissions_boundary_arn": BOUNDARY,
    "tags": {"team": "platform"},
}
SMALL: dict[str, object] = {
    "engine_version": "17",
    "multi_az": False,
    "backup_retention_days": 1,
    "deletion_protection": False,
    "monitoring_interval_seconds": 0,
    "performance_insights": False,
    "apply_immediately": True,
    "permissions_boundary_arn": None,
    "key_deletion_window_days": 7,
    "log_retention_days": 7,
}
# As the first version made it: RDS's own key, MLflow as master user.
INHERITED = {
    "application_user": "mlflow_server",
    "database_name": "mlflow_db",
    "kms_key_arn": LOG_KEY,
    "master_username": "mlflow",
}


@pytest.fixture(scope="module")
def protected(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS)


@pytest.fixture(scope="module")
def small(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS | SMALL)


def declared(address: str) -> Mapping[str, Any]:
    """The code of a resource, where a plan says nothing: lifecycle, ephemeral resources, write-only values."""
    return next(item.body for item in declarations((MODULES / MODULE).glob("*.tf")) if item.address == address)


def instance(plan: Plan) -> Resource:
    return plan["aws_db_instance.this"]


def parameters(plan: Plan) -> dict[str, tuple[str, str]]:
    group = plan["aws_db_parameter_group.this"]
    return {item["name"]: (item["value"], item["apply_method"]) for item in group["parameter"]}


def test_the_server_demands_tls(protected: Plan, small: Plan) -> None:
    for made in (protected, small):
        assert parameters(made)["rds.force_ssl"] == ("1", "pending-reboot")
    assert instance(protected)["parameter_group_name"] == "hokusai-mlflow-production-postgres16"
    assert instance(small)["parameter_group_name"] == "hokusai-mlflow-production-postgres17"
    assert small["aws_db_parameter_group.this"]["family"] == "postgres17"


def test_logs_explain_but_never_write_a_password(protected: Plan) -> None:
    found = parameters(protected)
    for name in ("log_connections", "log_disconnections", "log_lock_waits"):
        assert found[name] == ("1", "immediate")
    assert found["log_min_duration_statement"] == ("1000", "immediate")
    assert found["log_statement"] == ("none", "immediate"), "ddl would log ALTER ROLE ... PASSWORD"


def test_aws_makes_keeps_and_rotates_the_master_password(protected: Plan) -> None:
    assert instance(protected)["username"] == "hokusai_admin"
    assert instance(protected)["manage_master_user_password"] is True
    assert instance(protected).values.get("password") is None
    assert declared("aws_db_instance.this")["master_user_secret_kms_key_id"] == OWN_KEY


def test_storage_is_encrypted_with_the_modules_key_which_rotates(protected: Plan) -> None:
    assert instance(protected)["storage_encrypted"] is True
    code = declared("aws_db_instance.this")
    assert code["kms_key_id"] == "${var.inherited == null ? aws_kms_key.this.arn : var.inherited.kms_key_arn}"
    assert code["performance_insights_kms_key_id"] == "${var.performance_insights ? aws_kms_key.this.arn : null}"
    key = protected["aws_kms_key.this"]
    assert key["enable_key_rotation"] is True
    assert [statement["Principal"] for statement in key.policy()["Statement"]] == [
        {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    ]
    assert protected["aws_kms_alias.this"]["name"] == "alias/hokusai-database-production"


def test_it_stays_out_of_the_internet_and_opens_nothing_itself(protected: Plan) -> None:
    assert instance(protected)["publicly_accessible"] is False
    assert sorted(protected["aws_db_subnet_group.this"]["subnet_ids"]) == sorted(
        ["subnet-0a1b2c3d4e5f60718", "subnet-0f1e2d3c4b5a69788"]
    )
    group = protected["aws_security_group.this"]
    assert group["name"] == "hokusai-database-production"
    assert not group.values.get("ingress")
    assert not group.values.get("egress")
    assert not [kind for kind in {item.type for item in protected.resources.values()} if "security_group_" in kind]


def test_names_of_the_running_system(protected: Plan) -> None:
    assert instance(protected)["identifier"] == "hokusai-mlflow-production"
    assert instance(protected)["db_name"] == "mlflow"
    assert instance(protected)["engine"] == "postgres"
    assert instance(protected)["port"] == 5432


def test_sizes_reach_the_instance(protected: Plan) -> None:
    values = instance(protected)
    assert (values["instance_class"], values["multi_az"], values["storage_type"]) == ("db.m7g.large", True, "gp3")
    assert (values["allocated_storage"], values["max_allocated_storage"]) == (100, 500)
    assert values["backup_retention_period"] == 35
    assert values["copy_tags_to_snapshot"] is True
    assert (values["performance_insights_enabled"], values["performance_insights_retention_period"]) == (True, 7)


def test_log_groups_are_made_before_the_instance(protected: Plan) -> None:
    groups = {group["name"]: group for group in protected.of_type("aws_cloudwatch_log_group")}
    prefix = "/aws/rds/instance/hokusai-mlflow-production"
    assert set(groups) == {f"{prefix}/postgresql", f"{prefix}/upgrade"}
    assert all((group["retention_in_days"], group["kms_key_id"]) == (365, LOG_KEY) for group in groups.values())
    assert sorted(instance(protected)["enabled_cloudwatch_logs_exports"]) == ["postgresql", "upgrade"]
    resources = protected.document["configuration"]["root_module"]["resources"]
    configured = next(item for item in resources if item["address"] == "aws_db_instance.this")
    assert "aws_cloudwatch_log_group.this" in configured["depends_on"]


def test_deletion_protection_keeps_instance_backups_and_a_last_snapshot(protected: Plan) -> None:
    values = instance(protected)
    assert values["deletion_protection"] is True
    assert values["skip_final_snapshot"] is False
    assert values["final_snapshot_identifier"] == "hokusai-mlflow-production-final"
    assert values["delete_automated_backups"] is False
    assert protected["terraform_data.guard[0]"]["input"] == "hokusai-mlflow-production"


def test_without_it_nothing_is_left_behind(small: Plan) -> None:
    values = instance(small)
    assert values["deletion_protection"] is False
    assert values["skip_final_snapshot"] is True
    assert values["final_snapshot_identifier"] is None
    assert values["delete_automated_backups"] is True
    assert small.of_type("terraform_data") == []


def test_the_way_down_of_a_protected_database_keeps_a_snapshot(plan: ModulePlans) -> None:
    lifted = plan(MODULE, INPUTS | {"deletion_protection": False, "final_snapshot": True})
    assert lifted.of_type("terraform_data") == []
    assert instance(lifted)["skip_final_snapshot"] is False
    assert instance(lifted)["final_snapshot_identifier"] == "hokusai-mlflow-production-final"
    assert instance(lifted)["delete_automated_backups"] is False


def test_the_guard_is_fixed_to_single_attributes_of_instance_and_key() -> None:
    """A reference to a whole resource would refuse every change in place, a new tag for instance."""
    (lifecycle,) = declared("terraform_data.guard")["lifecycle"]
    assert lifecycle["prevent_destroy"] is True
    assert lifecycle["replace_triggered_by"] == ["${aws_db_instance.this.resource_id}", "${aws_kms_key.this.id}"]


def test_monitoring_may_write_its_one_log_group_and_only_for_this_instance(protected: Plan) -> None:
    role = protected["aws_iam_role.monitoring[0]"]
    assert role["name"] == "hokusai-database-monitoring-production"
    assert role["permissions_boundary"] == BOUNDARY
    (trust,) = role.policy("assume_role_policy")["Statement"]
    assert trust["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
        "ArnLike": {"aws:SourceArn": ARN},
    }
    statements = protected["aws_iam_role_policy.monitoring[0]"].policy()["Statement"]
    group = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:RDSOSMetrics"
    assert {statement["Resource"] for statement in statements} == {group, f"{group}:log-stream:*"}
    assert not [action for statement in statements for action in statement["Action"] if "*" in action]
    assert instance(protected)["monitoring_interval"] == 60


def test_without_monitoring_there_is_no_role(small: Plan) -> None:
    assert small.of_type("aws_iam_role") == []
    assert small.of_type("aws_iam_role_policy") == []
    assert instance(small)["monitoring_interval"] == 0


def test_a_pinned_minor_stays_and_a_major_gets_its_minors(protected: Plan, small: Plan) -> None:
    assert instance(protected)["auto_minor_version_upgrade"] is False
    assert instance(small)["auto_minor_version_upgrade"] is True
    assert instance(protected)["apply_immediately"] is False
    assert instance(small)["apply_immediately"] is True


def test_the_application_password_is_nowhere_in_the_plan(protected: Plan) -> None:
    parameter = protected["aws_ssm_parameter.application_password"]
    assert parameter["type"] == "SecureString"
    assert parameter["key_id"] == "alias/hokusai-database-production"
    assert parameter["value_wo_version"] == 1
    assert parameter.values.get("value_wo") is None
    assert parameter.values.get("insecure_value") is None
    assert not parameter.values.get("value")
    text = json.dumps(protected.document)
    assert '"random_password":' not in text, "an ephemeral value was written down"
    planned = [change["address"] for change in protected.document["resource_changes"]]
    assert not [address for address in planned if "random_password" in address]


def test_the_password_is_drawn_by_aws_for_one_run_and_needs_no_quoting_in_a_url() -> None:
    drawn = declared("ephemeral.aws_secretsmanager_random_password.application")
    assert arguments(drawn) == {"password_length": 40, "exclude_punctuation": True}
    parameter = declared("aws_ssm_parameter.application_password")
    assert parameter["value_wo"] == "${ephemeral.aws_secretsmanager_random_password.application.random_password}"


def test_a_new_password_is_asked_for_by_a_version(plan: ModulePlans) -> None:
    raised = plan(MODULE, INPUTS | {"application_password_version": 2})
    assert raised["aws_ssm_parameter.application_password"]["value_wo_version"] == 2


def test_what_tasks_read_besides_is_plain_text(protected: Plan) -> None:
    for name, parameter in (("host", "host"), ("master_secret_arn", "master-secret-arn")):
        resource = protected[f"aws_ssm_parameter.{name}"]
        assert resource["name"] == f"/hokusai/production/database/{parameter}"
        assert resource["type"] == "String"
        assert resource.unknown["insecure_value"] is True


def test_what_policies_name_is_known_at_plan(protected: Plan) -> None:
    assert {name: value for name, value in protected.outputs.items() if name != "security_group_id"} == {
        "application_user": "mlflow",
        "arn": ARN,
        "database_name": "mlflow",
        "identifier": "hokusai-mlflow-production",
        "key_alias": "alias/hokusai-database-production",
        "master_secret_arn_pattern": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:rds!db-*",
        "parameter_arns": {name: f"{PARAMETERS}/{name}" for name in ("host", "mlflow-password", "master-secret-arn")},
        "port": 5432,
    }


def test_tags_reach_every_resource_that_takes_them(protected: Plan) -> None:
    tagged = [resource for resource in protected.resources.values() if "tags" in resource.values]
    assert len(tagged) == 11
    assert all(resource["tags"]["team"] == "platform" for resource in tagged)


@pytest.mark.parametrize("example", ["basic", "production"])
def test_the_examples_plan(plan: ModulePlans, example: str) -> None:
    assert plan(MODULE, {}, root=f"examples/{example}").of_type("aws_db_instance")


def test_an_older_instance_keeps_what_rds_never_changes(plan: ModulePlans, protected: Plan) -> None:
    inherited = plan(MODULE, INPUTS | {"inherited": INHERITED})
    made = instance(inherited)
    assert (made["db_name"], made["username"], made["kms_key_id"]) == ("mlflow_db", "mlflow", LOG_KEY)
    assert made["identifier"] == instance(protected)["identifier"]
    outputs = inherited.outputs
    assert (outputs["database_name"], outputs["application_user"]) == ("mlflow_db", "mlflow_server")
    assert (protected.outputs["database_name"], protected.outputs["application_user"]) == ("mlflow", "mlflow")
    # The secrets stay under the module's own key.
    assert declared("aws_db_instance.this")["master_user_secret_kms_key_id"] == OWN_KEY


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"environment": "Production"},
            "environment must be lower-case letters, digits and hyphens, 2 to 20 characters",
        ),
        ({"subnet_ids": {"a": "subnet-1"}}, "subnet_ids has 1 subnets (a): RDS wants at least two"),
        ({"engine_version": "13.4"}, 'engine_version is "13.4": give a PostgreSQL major from 14 on'),
        ({"engine_version": "latest"}, 'engine_version is "latest": give a PostgreSQL major'),
        ({"instance_class": "t4g.medium"}, 'instance_class is "t4g.medium": RDS classes look like "db.t4g.medium"'),
        ({"allocated_storage_gib": 10}, "allocated_storage_gib is 10: RDS accepts whole GiB from 20 to 65536"),
        ({"max_allocated_storage_gib": 105}, "at least a tenth more than allocated_storage_gib (100)"),
        ({"backup_retention_days": 0}, "0 would leave the model registry without any"),
        ({"backup_retention_days": 36}, "RDS keeps automated backups for 1 to 35 days"),
        (
            {"monitoring_interval_seconds": 45},
            "monitoring_interval_seconds is 45: RDS accepts 0 (off), 1, 5, 10, 15, 30 or 60",
        ),
        ({"log_retention_days": 100}, "log_retention_days is 100: CloudWatch accepts"),
        ({"log_kms_key_arn": "alias/hokusai-logs-production"}, "CloudWatch Logs accepts no alias"),
        ({"key_deletion_window_days": 31}, "key_deletion_window_days is 31: KMS accepts whole days from 7 to 30"),
        ({"final_snapshot": False}, "a protected database leaves a snapshot whatever happens"),
        ({"application_password_version": 0}, "application_password_version is 0: it counts up from 1"),
        (
            {"inherited": INHERITED | {"application_user": "mlflow"}},
            "the master user: AWS rotates the master's password",
        ),
        ({"inherited": INHERITED | {"kms_key_arn": "alias/aws/rds"}}, "give the ARN of the key"),
    ],
)
def test_it_refuses(refuse: Refusal, change: dict[str, Any], message: str) -> None:
    refuse(MODULE, INPUTS | change, message)
