"""Examinations as they end."""

from infra.release.drift.finding import DriftFinding, DriftReport, Failure, Rule, in_order
from infra.review.model import AttributeChange, Severity

RULE = DriftFinding(
    rule=Rule.PART,
    severity=Severity.HIGH,
    what="The listener rule priority 7 is a part of module.alb, and no state holds it.",
    where="arn:aws:elasticloadbalancing:us-east-1:444455556666:listener-rule/app/x/1/2/3",
    todo="Remove it by hand.",
    address='module.alb["registry"].aws_lb_listener.https',
    since="2026-01-02T03:04:05+00:00",
    by="arn:aws:iam::444455556666:user/mallory",
)
CHANGED = DriftFinding(
    rule=Rule.CHANGED,
    severity=Severity.MEDIUM,
    what="The log group was changed: retention_in_days.",
    where="arn:aws:logs:us-east-1:444455556666:log-group:/ecs/hokusai/gateway/staging",
    todo="`make plan ENV=staging` and `make apply` take it back.",
    address="module.observability.aws_cloudwatch_log_group.this",
    attributes=(AttributeChange("retention_in_days", 90, 1),),
)
_ACCOUNT = "account: EMULATED 444455556666"
_PARTS = ("what Terraform owns, read anew", "what ends soon")


def report(findings: list[DriftFinding], failures: tuple[Failure, ...] = ()) -> DriftReport:
    return DriftReport("staging", _ACCOUNT, "2026-01-02T05:00:00+00:00", _PARTS, in_order(findings), failures)


CLEAN = report([])
DRIFTED = report([CHANGED, RULE])
FAILED = report([], (Failure("what ends soon", "acm:DescribeCertificate is denied: no"),))
