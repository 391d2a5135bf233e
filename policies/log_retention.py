"""Every log group ends somewhere and is encrypted with a key of the account; every container logs into one of them."""

from collections.abc import Iterator

from infra.policies.containers import containers
from infra.policies.origins import configured
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan


def _check(plan: Plan) -> Iterator[Violation]:
    groups = plan.of_type("aws_cloudwatch_log_group")
    for group in groups:
        if not group.values.get("retention_in_days") and group.unknown.get("retention_in_days") is not True:
            yield Violation(group.address, "keeps logs for ever")
        key_is_set = group.unknown.get("kms_key_id") is True and "kms_key_id" in configured(plan, group)
        if not group.values.get("kms_key_id") and not key_is_set:
            yield Violation(group.address, "has no KMS key")
    names = {str(group.values.get("name")) for group in groups}
    for container in containers(plan):
        logging = container.definition.get("logConfiguration") or {}
        options = logging.get("options") or {}
        where = f"container {container.name}"
        if not logging:
            yield Violation(container.task.address, f"{where} logs nowhere")
        elif options.get("awslogs-create-group") == "true" and options.get("awslogs-group") not in names:
            yield Violation(container.task.address, f"{where} makes its own log group, which keeps logs for ever")


POLICY = Policy(
    id="HOK_LOGS",
    title="Logs have a retention and a key",
    severity=Severity.MEDIUM,
    remedy="Set retention_in_days and kms_key_id on the log group, and let containers log into it.",
    check=_check,
)
