"""What ran in the first version: a cluster, two services, the names that they should have had, what watched them."""

import json
from typing import Final

from tests.release.adopt.first_version.account import CLUSTER, ENVIRONMENT, TAGS, OldAccount, tag_list

_TRUST: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
        ],
    }
)
_ECS_TAGS: Final = [{"key": key, "value": value} for key, value in TAGS.items()]


def make_services(old: OldAccount) -> None:
    """Make the cluster, the services with a launch type, the namespace, and what is kept in no way.

    Args:
        old: the account.
    """
    _namespace(old)
    _cluster(old)
    iam = old.client("iam")
    roles = {
        purpose: iam.create_role(
            RoleName=f"hokusai-ecs-{purpose}-{ENVIRONMENT}", AssumeRolePolicyDocument=_TRUST, Tags=tag_list()
        )["Role"]["Arn"]
        for purpose in ("execution", "task")
    }
    _service(old, "api", 8001, roles)
    _service(old, "mlflow", 5000, roles)
    old.kept |= {
        'module.observability.aws_cloudwatch_log_group.this["mlflow"]': f"/ecs/hokusai/mlflow/{ENVIRONMENT}",
        'module.task["mlflow"].aws_ecs_service.this[0]': f"{CLUSTER}/hokusai-mlflow",
    }
    _beside(old)


def _namespace(old: OldAccount) -> None:
    """Nothing was ever registered under its names."""
    discovery = old.client("servicediscovery")
    name = f"hokusai-{ENVIRONMENT}.local"
    discovery.create_private_dns_namespace(Name=name, Vpc=old.vpc, Tags=tag_list())
    [namespace] = [each["Id"] for each in discovery.list_namespaces()["Namespaces"] if each["Name"] == name]
    # In both places, as AWS answers it.
    dns = {
        "NamespaceId": namespace,
        "RoutingPolicy": "MULTIVALUE",
        "DnsRecords": [{"Type": "A", "TTL": 10}],
    }
    made = {
        service: discovery.create_service(
            Name=service,
            NamespaceId=namespace,
            DnsConfig=dns,
            HealthCheckCustomConfig={"FailureThreshold": 1},
            Tags=tag_list(),
        )["Service"]["Id"]
        for service in ("mlflow", "api")
    }
    module = "module.service_discovery"
    old.kept |= {
        f"{module}.aws_service_discovery_private_dns_namespace.this": f"{namespace}:{old.vpc}",
        f'{module}.aws_service_discovery_service.this["mlflow"]': made["mlflow"],
    }


def _cluster(old: OldAccount) -> None:
    ecs = old.client("ecs")
    ecs.create_cluster(
        clusterName=CLUSTER, settings=[{"name": "containerInsights", "value": "enabled"}], tags=_ECS_TAGS
    )
    ecs.put_cluster_capacity_providers(
        cluster=CLUSTER,
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE", "base": 1, "weight": 100}],
    )
    old.kept |= {
        "module.cluster.aws_ecs_cluster.this": CLUSTER,
        "module.cluster.aws_ecs_cluster_capacity_providers.this": CLUSTER,
    }


def _service(old: OldAccount, name: str, port: int, roles: dict[str, str]) -> None:
    ecs, logs = old.client("ecs"), old.client("logs")
    group = f"/ecs/hokusai/{name}/{ENVIRONMENT}"
    logs.create_log_group(logGroupName=group, tags=TAGS)
    logs.put_retention_policy(logGroupName=group, retentionInDays=30)
    container = f"hokusai-{name}"
    registry = f"{old.account.account_id}.dkr.ecr.{old.account.region}.amazonaws.com"
    ecs.register_task_definition(
        family=f"hokusai-{name}-{ENVIRONMENT}",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="512",
        memory="1024",
        executionRoleArn=roles["execution"],
        taskRoleArn=roles["task"],
        containerDefinitions=[
            {"name": container, "image": f"{registry}/{container}:latest", "portMappings": [{"containerPort": port}]}
        ],
    )
    ecs.create_service(
        cluster=CLUSTER,
        serviceName=container,
        taskDefinition=f"hokusai-{name}-{ENVIRONMENT}",
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": old.private,
                "securityGroups": [old.groups["ecs-tasks"]],
                "assignPublicIp": "DISABLED",
            }
        },
        loadBalancers=[{"targetGroupArn": old.targets[name], "containerName": container, "containerPort": port}],
        tags=_ECS_TAGS,
    )


def _beside(old: OldAccount) -> None:
    """What this repository has nothing like, or makes under another name."""
    topic = old.client("sns").create_topic(Name=f"hokusai-alerts-{ENVIRONMENT}", Tags=tag_list())["TopicArn"]
    old.client("cloudwatch").put_metric_alarm(
        AlarmName=f"hokusai-rds-cpu-{ENVIRONMENT}",
        Namespace="AWS/RDS",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": f"hokusai-mlflow-{ENVIRONMENT}"}],
        Statistic="Average",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=80,
        Period=300,
        EvaluationPeriods=2,
        AlarmActions=[topic],
    )
    old.client("secretsmanager").create_secret(
        Name=f"hokusai/app-secrets/{ENVIRONMENT}", SecretString="{}", Tags=tag_list()
    )
    old.client("ecr").create_repository(repositoryName="hokusai-mlflow", tags=tag_list())
