"""An identity is permitted only services that the plan uses.

Rights on a service of which the plan has nothing are left over, or prepared for something that nobody reviewed. A
resource that is named in full lies in another stack and is meant; a pattern is not.
"""

from collections.abc import Iterator

from infra.policies.iam.documents import allowances, held, listed
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan

# Services whose resources in Terraform have other names than the service has in IAM.
_TYPES = {
    "acm-pca": ("aws_acmpca_",),
    "application-autoscaling": ("aws_appautoscaling_",),
    "autoscaling": ("aws_autoscaling_", "aws_launch_"),
    "cloudwatch": ("aws_cloudwatch_", "aws_ecs_cluster"),
    "ec2": ("aws_vpc", "aws_subnet", "aws_security_group", "aws_instance", "aws_ec2_", "aws_flow_log", "aws_eip"),
    "ecr": ("aws_ecr_", "aws_ecs_task_definition"),  # tasks pull images from a registry of another stack
    "elasticloadbalancing": ("aws_lb", "aws_alb", "aws_elb"),
    "events": ("aws_cloudwatch_event_",),
    "execute-api": ("aws_api_gateway_", "aws_apigatewayv2_"),
    "logs": ("aws_cloudwatch_log_",),
    "rds": ("aws_db_", "aws_rds_"),
    "rds-db": ("aws_db_", "aws_rds_"),
    "s3": ("aws_s3_",),
    "secretsmanager": ("aws_secretsmanager_", "aws_db_instance", "aws_rds_cluster"),  # RDS keeps master passwords there
    "servicediscovery": ("aws_service_discovery_",),
    "ssmmessages": ("aws_ecs_service",),  # shells into tasks
    "states": ("aws_sfn_",),
}
# A service that is of every account.
_EVERYWHERE = {"iam", "sts", "tag"}


def _check(plan: Plan) -> Iterator[Violation]:
    types = {resource.type for resource in plan.resources.values()}
    for holder, policies in held(plan).items():
        for found in policies:
            for statement in allowances(found):
                targets = [str(each) for each in listed(statement.get("Resource"))]
                if targets and not any("*" in each or "?" in each for each in targets):
                    continue
                services = {str(each).partition(":")[0].lower() for each in listed(statement.get("Action"))}
                for service in sorted(services - _EVERYWHERE - {"*"}):
                    prefixes = _TYPES.get(service, (f"aws_{service.replace('-', '_')}_",))
                    if not any(each.startswith(prefixes) for each in types):
                        yield Violation(
                            found.resource.address, f"{holder} has rights on {service}, of which there is nothing here"
                        )


POLICY = Policy(
    id="HOK_IAM_UNUSED",
    title="Rights are on services that are used",
    severity=Severity.LOW,
    remedy="Remove the statement, or name the resource in full where it belongs to another stack.",
    check=_check,
    source="iam",
)
