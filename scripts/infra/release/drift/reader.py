"""Asking the account: every call that an examination makes, and the permission that it takes.

The plan role has these permissions and no more (modules/delivery-roles/read.tf); a test holds the two together.
"""

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.account.pages import pages
from infra.errors import InfraError

# (service, operation) as boto3 names them -> permission.
CALLS: Final = {
    ("acm", "describe_certificate"): "acm:DescribeCertificate",
    ("application-autoscaling", "describe_scalable_targets"): "application-autoscaling:DescribeScalableTargets",
    ("application-autoscaling", "describe_scaling_policies"): "application-autoscaling:DescribeScalingPolicies",
    ("application-autoscaling", "describe_scheduled_actions"): "application-autoscaling:DescribeScheduledActions",
    ("cloudwatch", "describe_alarms"): "cloudwatch:DescribeAlarms",
    ("cloudwatch", "list_dashboards"): "cloudwatch:ListDashboards",
    ("ec2", "describe_instances"): "ec2:DescribeInstances",
    ("ec2", "describe_internet_gateways"): "ec2:DescribeInternetGateways",
    ("ec2", "describe_nat_gateways"): "ec2:DescribeNatGateways",
    ("ec2", "describe_route_tables"): "ec2:DescribeRouteTables",
    ("ec2", "describe_security_group_rules"): "ec2:DescribeSecurityGroupRules",
    ("ec2", "describe_security_groups"): "ec2:DescribeSecurityGroups",
    ("ec2", "describe_subnets"): "ec2:DescribeSubnets",
    ("ec2", "describe_vpc_endpoints"): "ec2:DescribeVpcEndpoints",
    ("ec2", "describe_vpcs"): "ec2:DescribeVpcs",
    ("ecr", "describe_repositories"): "ecr:DescribeRepositories",
    ("ecs", "describe_services"): "ecs:DescribeServices",
    ("ecs", "describe_task_definition"): "ecs:DescribeTaskDefinition",
    ("ecs", "describe_tasks"): "ecs:DescribeTasks",
    ("ecs", "list_clusters"): "ecs:ListClusters",
    ("ecs", "list_services"): "ecs:ListServices",
    ("ecs", "list_task_definitions"): "ecs:ListTaskDefinitions",
    ("ecs", "list_tasks"): "ecs:ListTasks",
    ("elbv2", "describe_listeners"): "elasticloadbalancing:DescribeListeners",
    ("elbv2", "describe_load_balancers"): "elasticloadbalancing:DescribeLoadBalancers",
    ("elbv2", "describe_rules"): "elasticloadbalancing:DescribeRules",
    ("elbv2", "describe_target_groups"): "elasticloadbalancing:DescribeTargetGroups",
    ("iam", "list_attached_role_policies"): "iam:ListAttachedRolePolicies",
    ("iam", "list_policies"): "iam:ListPolicies",
    ("iam", "list_role_policies"): "iam:ListRolePolicies",
    ("iam", "list_roles"): "iam:ListRoles",
    ("kms", "describe_key"): "kms:DescribeKey",
    ("kms", "list_aliases"): "kms:ListAliases",
    ("logs", "describe_log_groups"): "logs:DescribeLogGroups",
    ("rds", "describe_db_instances"): "rds:DescribeDBInstances",
    ("rds", "describe_db_parameter_groups"): "rds:DescribeDBParameterGroups",
    ("rds", "describe_db_subnet_groups"): "rds:DescribeDBSubnetGroups",
    ("resourcegroupstaggingapi", "get_resources"): "tag:GetResources",
    ("route53", "get_hosted_zone"): "route53:GetHostedZone",
    ("route53", "list_resource_record_sets"): "route53:ListResourceRecordSets",
    ("s3", "get_bucket_encryption"): "s3:GetEncryptionConfiguration",
    ("s3", "get_bucket_lifecycle_configuration"): "s3:GetLifecycleConfiguration",
    ("s3", "get_bucket_logging"): "s3:GetBucketLogging",
    ("s3", "get_bucket_ownership_controls"): "s3:GetBucketOwnershipControls",
    ("s3", "get_bucket_policy"): "s3:GetBucketPolicy",
    ("s3", "get_bucket_versioning"): "s3:GetBucketVersioning",
    ("s3", "get_public_access_block"): "s3:GetBucketPublicAccessBlock",
    ("s3", "list_buckets"): "s3:ListAllMyBuckets",
    ("secretsmanager", "list_secrets"): "secretsmanager:ListSecrets",
    ("servicediscovery", "get_namespace"): "servicediscovery:GetNamespace",
    ("servicediscovery", "list_namespaces"): "servicediscovery:ListNamespaces",
    ("servicediscovery", "list_services"): "servicediscovery:ListServices",
    ("sns", "list_topics"): "sns:ListTopics",
    ("ssm", "describe_parameters"): "ssm:DescribeParameters",
    ("wafv2", "list_web_acls"): "wafv2:ListWebACLs",
}

_DENIED: Final = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")


class Reader:
    """Asks an account.

    Args:
        client: makes a boto3 client of a service.
    """

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._make = client
        self._clients: dict[str, Any] = {}

    def call(self, service: str, operation: str, **arguments: object) -> dict[str, Any]:
        """One call.

        Args:
            service: as boto3 names it.
            operation: as boto3 names it; one of `CALLS`.
            arguments: of the call.

        Returns:
            The answer.

        Raises:
            InfraError: it was denied, which names the permission, or not answered.
        """
        try:
            answer: dict[str, Any] = getattr(self._client(service, operation), operation)(**arguments)
        except (BotoCoreError, ClientError) as error:
            raise _explained(service, operation, error) from error
        return answer

    def pages(self, service: str, operation: str, items: str, **arguments: object) -> list[Any]:
        """A call that lists, to its last page.

        Args:
            service: as boto3 names it.
            operation: as boto3 names it; one of `CALLS`.
            items: key of the list in the answer.
            arguments: of the call.

        Returns:
            The items of all pages.

        Raises:
            InfraError: as `call`.
        """
        try:
            return list(pages(self._client(service, operation), operation, items, **arguments))
        except (BotoCoreError, ClientError) as error:
            raise _explained(service, operation, error) from error

    def _client(self, service: str, operation: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        if (service, operation) not in CALLS:
            raise KeyError(f"{service}.{operation} is not among the calls whose permissions the plan role is given")
        if service not in self._clients:
            self._clients[service] = self._make(service)
        return self._clients[service]


def _explained(service: str, operation: str, error: Exception) -> InfraError:
    permission = CALLS[service, operation]
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    if code in _DENIED or "not authorized to perform" in str(error):
        return InfraError(
            f"{permission} is denied: {error}. The plan role has it (modules/delivery-roles/read.tf); where that role "
            "is older than this checkout, `make bootstrap` brings it up to date."
        )
    return InfraError(f"{service} did not answer {operation} ({permission}): {error}. Run it again.")
