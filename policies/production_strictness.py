"""Production keeps what it holds and runs on what stays: the switches that are a choice elsewhere are none there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from infra.policies.iam.documents import listed
from infra.policies.policy import Policy, Violation
from infra.policies.surroundings import environments, is_production
from infra.review.model import Severity
from infra.terraform.plan_json import Plan, Resource

_DAYS_OF_LOGS = 90
_DAYS_OF_BACKUPS = 7


@dataclass(frozen=True)
class _Demand:
    type: str
    broken: Callable[[Resource], bool]
    message: str


def _offers_spot(cluster: Resource) -> bool:
    return any("SPOT" in str(each) for each in listed(cluster.values.get("capacity_providers")))


def _value(resource: Resource, attribute: str) -> Any:  # noqa: ANN401 - a plan's value
    return resource.values.get(attribute)


_DEMANDS = (
    _Demand("aws_s3_bucket", lambda each: bool(_value(each, "force_destroy")), "is deleted with everything in it"),
    _Demand("aws_lb", lambda each: not _value(each, "enable_deletion_protection"), "has no deletion protection"),
    _Demand("aws_db_instance", lambda each: not _value(each, "deletion_protection"), "has no deletion protection"),
    _Demand(
        "aws_db_instance", lambda each: bool(_value(each, "skip_final_snapshot")), "is deleted without a final snapshot"
    ),
    _Demand("aws_db_instance", lambda each: not _value(each, "multi_az"), "has no standby in another zone"),
    _Demand(
        "aws_db_instance",
        lambda each: (_value(each, "backup_retention_period") or 0) < _DAYS_OF_BACKUPS,
        f"keeps backups for less than {_DAYS_OF_BACKUPS} days",
    ),
    _Demand("aws_rds_cluster", lambda each: not _value(each, "deletion_protection"), "has no deletion protection"),
    _Demand(
        "aws_rds_cluster", lambda each: bool(_value(each, "skip_final_snapshot")), "is deleted without a final snapshot"
    ),
    _Demand(
        "aws_dynamodb_table", lambda each: not _value(each, "deletion_protection_enabled"), "has no deletion protection"
    ),
    _Demand("aws_ecr_repository", lambda each: bool(_value(each, "force_delete")), "is deleted with its images"),
    _Demand(
        "aws_ecs_service", lambda each: bool(_value(each, "enable_execute_command")), "lets people open shells in tasks"
    ),
    _Demand(
        "aws_ecs_service",
        lambda each: _on_spot(_value(each, "capacity_provider_strategy")),
        "runs on capacity that AWS may take back",
    ),
    _Demand("aws_ecs_cluster_capacity_providers", _offers_spot, "offers capacity that AWS may take back"),
    _Demand(
        "aws_cloudwatch_log_group",
        lambda each: 0 < (_value(each, "retention_in_days") or 0) < _DAYS_OF_LOGS,
        f"keeps logs for less than {_DAYS_OF_LOGS} days",
    ),
    _Demand(
        "aws_kms_key",
        lambda each: (_value(each, "deletion_window_in_days") or 30) < 30,
        "can be gone in less than 30 days",
    ),
    _Demand("aws_appautoscaling_target", lambda each: (_value(each, "min_capacity") or 0) < 2, "goes down to one task"),
    _Demand("aws_iam_role", lambda each: not _bounded(each), "has no permissions boundary"),
)


def _check(plan: Plan) -> Iterator[Violation]:
    if plan.resources and not environments(plan):
        yield Violation("variable environment", "nothing says which environment this is, so production cannot be told")
    if not is_production(plan):
        return
    for demand in _DEMANDS:
        for resource in plan.of_type(demand.type):
            if demand.broken(resource):
                yield Violation(resource.address, demand.message)


def _on_spot(strategy: object) -> bool:
    return any("SPOT" in str(each.get("capacity_provider")) for each in listed(strategy))


def _bounded(role: Resource) -> bool:
    if str(_value(role, "path") or "").startswith("/aws-service-role/"):
        return True
    return bool(_value(role, "permissions_boundary")) or role.unknown.get("permissions_boundary") is True


POLICY = Policy(
    id="HOK_PRODUCTION",
    title="Production is strict",
    severity=Severity.HIGH,
    remedy="Set the switch in the environment's variables; production has no exception.",
    check=_check,
)
