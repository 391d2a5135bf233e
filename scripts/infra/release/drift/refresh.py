"""What the account says of the objects in the state: what Terraform owns and somebody else changed or removed.

Not everything that differs from the state was changed by somebody. An attribute that nobody can set follows from others
(the provider's own schema says which); some that can be set have an owner elsewhere, and are listed here with it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.console import Step
from infra.environment import Environment
from infra.release.drift.finding import DriftFinding, Rule
from infra.release.drift.unowned import noun
from infra.release.recovery.lone_state import alone, managed, plan_reading
from infra.review.changes import attributes_of
from infra.review.digest import does_something
from infra.review.model import AttributeChange, Json, Severity
from infra.review.reading import checked
from infra.review.redaction import Redactor
from infra.review.risk_table import KINDS
from infra.terraform.runner import Terraform
from infra.terraform.session import Session

# Type -> attribute -> who sets it. What is listed has an examination of its own, or an owner that is not Terraform.
OWNED_ELSEWHERE: Final[Mapping[str, Mapping[str, str]]] = {
    "aws_ecs_service": {
        "desired_count": "Application Auto Scaling",
        "task_definition": "containers.py compares it, and says what runs",
    },
    "aws_eip": {"network_interface": "the NAT gateway", "instance": "the NAT gateway"},
    "aws_iam_role": {
        "inline_policy": "aws_iam_role_policy; parts.py lists all of them",
        "managed_policy_arns": "aws_iam_role_policy_attachment; parts.py lists all of them",
    },
    "aws_route_table": {"route": "aws_route; parts.py lists all of them"},
    "aws_s3_bucket": {
        "lifecycle_rule": "aws_s3_bucket_lifecycle_configuration",
        "logging": "aws_s3_bucket_logging",
        "object_lock_configuration": "aws_s3_bucket_object_lock_configuration",
        "policy": "aws_s3_bucket_policy",
        "replication_configuration": "aws_s3_bucket_replication_configuration",
        "server_side_encryption_configuration": "aws_s3_bucket_server_side_encryption_configuration",
        "versioning": "aws_s3_bucket_versioning",
    },
    "aws_security_group": {
        "egress": "aws_vpc_security_group_egress_rule; parts.py lists all of them",
        "ingress": "aws_vpc_security_group_ingress_rule; parts.py lists all of them",
    },
    "aws_sns_topic": {"policy": "aws_sns_topic_policy"},
}


def refreshed(state: Mapping[str, Any], environment: Environment, session: Session, step: Step) -> list[DriftFinding]:
    """Compare the account with a state.

    Args:
        state: the document.
        environment: whose.
        session: Terraform for its account; a role that can only read is enough.
        step: told what Terraform is doing.

    Returns:
        What was changed or is gone.

    Raises:
        InfraError: Terraform's reason.
    """
    with alone(managed(state), environment, session) as root:
        _, plan = plan_reading(root, environment, step)
        document = checked(root.show(plan))
        drifted = [entry for entry in document.get("resource_drift", []) if does_something(entry)]
        schema = settable(root) if drifted else {}
    found = tuple(_findings(drifted, schema, environment.name))
    return list(Redactor.of(document).clean(found))


# Type -> what somebody can set.
Schema = Mapping[str, frozenset[str]]


def settable(root: Terraform) -> Schema:
    """What can be set, as the provider itself says it.

    Args:
        root: an initialised root with the stack's provider.

    Returns:
        The attributes and blocks of each type that are not only computed.

    Raises:
        TerraformError: Terraform's reason.
    """
    return {
        kind: frozenset(
            name
            for name, attribute in schema["block"].get("attributes", {}).items()
            if attribute.get("optional") or attribute.get("required")
        )
        | frozenset(schema["block"].get("block_types", {}))
        for provider in root.provider_schemas().values()
        for kind, schema in provider.get("resource_schemas", {}).items()
    }


def _findings(drifted: list[Mapping[str, Any]], schema: Schema, environment: str) -> Iterator[DriftFinding]:
    for entry in drifted:
        address, kind = entry["address"], entry["type"]
        before = entry["change"].get("before") or {}
        where = str(before.get("arn") or before.get("id") or address)
        if entry["change"]["actions"] == ["delete"]:
            yield DriftFinding(
                rule=Rule.GONE,
                severity=Severity.HIGH,
                what=f"The {noun(kind)} is in the state and not in the account any more.",
                where=where,
                todo=(
                    f"`make plan ENV={environment}` makes it anew. If it is to stay away, take it out of the "
                    "configuration in the same change."
                ),
                address=address,
                type=kind,
            )
            continue
        changed = tuple(each for each in attributes_of(entry["change"]) if _matters(each, kind, schema))
        if changed:
            known = KINDS.get(kind)
            yield DriftFinding(
                rule=Rule.CHANGED,
                severity=Severity.HIGH if known and known.grants else Severity.MEDIUM,
                what=f"The {noun(kind)} was changed: {', '.join(each.path for each in changed)}.",
                where=where,
                todo=(
                    f"`make plan ENV={environment}` and `make apply` take it back. If the change is wanted, write it "
                    "into the configuration."
                ),
                address=address,
                type=kind,
                attributes=changed,
            )


def _matters(attribute: AttributeChange, kind: str, schema: Schema) -> bool:
    if _nothing(attribute.before) and _nothing(attribute.after):
        return False  # the provider reads what is not set as an empty value or as zero
    name = attribute.path.partition(".")[0].partition("[")[0]
    if name in OWNED_ELSEWHERE.get(kind, {}):
        return False
    # A type that the schema does not know is judged as if everything could be set.
    return kind not in schema or name in schema[kind] or name == "tags_all"


def _nothing(value: Json) -> bool:
    return value is None or value in ("", 0, False, [], {})
