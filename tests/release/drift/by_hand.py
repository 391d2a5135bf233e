"""What people do to an account by hand, each with the finding that must tell it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.account.emulated import EmulatedAccount
from infra.release.drift.finding import Rule

Clients = Callable[[str], Any]


@dataclass(frozen=True)
class Deed:
    """Something done by hand.

    Args:
        rule: of the finding.
        do: does it; gives a part of the ARN or id that the finding must name.
        says: a part of what the finding says.
    """

    rule: Rule
    do: Callable[["Place"], str]
    says: str = ""


@dataclass(frozen=True)
class Place:
    """An applied account, and what is looked up in it."""

    account: EmulatedAccount
    environment: str

    def client(self, service: str) -> Any:
        return self.account.client(service)

    @property
    def tags(self) -> dict[str, str]:
        return {"Project": "hokusai", "Environment": self.environment}

    @property
    def cluster(self) -> str:
        return f"hokusai-{self.environment}"

    @property
    def bucket(self) -> str:
        return f"hokusai-mlflow-artifacts-{self.environment}"

    def vpc(self) -> str:
        filters = [{"Name": "tag:Name", "Values": [self.cluster]}]
        return str(self.client("ec2").describe_vpcs(Filters=filters)["Vpcs"][0]["VpcId"])

    def group(self, name: str) -> str:
        filters = [{"Name": "group-name", "Values": [f"hokusai-{name}-{self.environment}"]}]
        return str(self.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"])

    def listener(self) -> str:
        elb = self.client("elbv2")
        [balancer, *_] = elb.describe_load_balancers()["LoadBalancers"]
        listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        return str(next(each["ListenerArn"] for each in listeners if each["Port"] == 443))

    def key(self, alias: str) -> str:
        name = f"alias/hokusai-{alias}-{self.environment}"
        return str(self.client("kms").describe_key(KeyId=name)["KeyMetadata"]["Arn"])

    def subnet(self) -> str:
        filters = [{"Name": "vpc-id", "Values": [self.vpc()]}]
        return str(self.client("ec2").describe_subnets(Filters=filters)["Subnets"][0]["SubnetId"])


# Changed and removed -------------------------------------------------------------------------------------------------


def keeps_logs_for_a_day(place: Place) -> str:
    name = f"/ecs/hokusai/gateway/{place.environment}"
    place.client("logs").put_retention_policy(logGroupName=name, retentionInDays=1)
    return name


def suspends_versioning(place: Place) -> str:
    place.client("s3").put_bucket_versioning(Bucket=place.bucket, VersioningConfiguration={"Status": "Suspended"})
    return place.bucket


def opens_the_bucket(place: Place) -> str:
    place.client("s3").delete_public_access_block(Bucket=place.bucket)
    return place.bucket


def scales_up(place: Place) -> str:
    place.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{place.cluster}/hokusai-gateway",
        ScalableDimension="ecs:service:DesiredCount",
        MaxCapacity=50,
    )
    return "scalable-target"


def deletes_an_alarm(place: Place) -> str:
    """One that the stack names by its key, since it rolls deployments back."""
    cloudwatch = place.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix="hokusai")["MetricAlarms"]
    [name] = [alarm["AlarmName"] for alarm in alarms if alarm["AlarmName"].endswith("gateway-cpu")]
    cloudwatch.delete_alarms(AlarmNames=[name])
    return str(name)


def deletes_a_record(place: Place) -> str:
    route53 = place.client("route53")
    for zone in route53.list_hosted_zones()["HostedZones"]:
        for record in route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]:
            if record["Name"].startswith("auth."):
                change = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
                route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch=change)
    return "auth."


# Added to what is there ----------------------------------------------------------------------------------------------


def adds_a_listener_rule(place: Place) -> str:
    made = place.client("elbv2").create_rule(
        ListenerArn=place.listener(),
        Priority=5,
        Conditions=[{"Field": "path-pattern", "Values": ["/mlflow*"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    )
    return str(made["Rules"][0]["RuleArn"])


def adds_a_listener(place: Place) -> str:
    elb = place.client("elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    made = elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=8080,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    )
    return str(made["Listeners"][0]["ListenerArn"])


def opens_the_database(place: Place) -> str:
    group = place.group("database")
    made = place.client("ec2").authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
                                       "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )  # fmt: skip
    return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])


def lets_a_role_do_everything(place: Place) -> str:
    role = f"hokusai-gateway-task-{place.environment}"
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    place.client("iam").put_role_policy(RoleName=role, PolicyName="debug", PolicyDocument=policy)
    return f"{role}:debug"


def attaches_a_policy(place: Place) -> str:
    role, iam = f"hokusai-mlflow-task-{place.environment}", place.client("iam")
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    policy = iam.create_policy(PolicyName="administrator", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    return f"{role}/{policy}"


def adds_a_route(place: Place) -> str:
    ec2 = place.client("ec2")
    filters = [{"Name": "vpc-id", "Values": [place.vpc()]}, {"Name": "tag:Project", "Values": ["hokusai"]}]
    table = ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]
    [gateway] = ec2.describe_internet_gateways(
        Filters=[{"Name": "attachment.vpc-id", "Values": [place.vpc()]}]
    )["InternetGateways"]  # fmt: skip
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="203.0.113.0/24", GatewayId=gateway["InternetGatewayId"])
    return f"{table}_203.0.113.0/24"


def schedules_scaling(place: Place) -> str:
    place.client("application-autoscaling").put_scheduled_action(
        ServiceNamespace="ecs",
        ScheduledActionName="night",
        ResourceId=f"service/{place.cluster}/hokusai-gateway",
        ScalableDimension="ecs:service:DesiredCount",
        Schedule="cron(0 2 * * ? *)",
        ScalableTargetAction={"MinCapacity": 0, "MaxCapacity": 0},
    )
    return "scheduledActionName/night"


def adds_a_name(place: Place) -> str:
    discovery = place.client("servicediscovery")
    [namespace] = discovery.list_namespaces()["Namespaces"]
    made = discovery.create_service(
        Name="debug",
        DnsConfig={"NamespaceId": namespace["Id"], "DnsRecords": [{"Type": "A", "TTL": 10}]},
        HealthCheckCustomConfig={"FailureThreshold": 1},
    )
    return str(made["Service"]["Arn"])


def starts_a_machine(place: Place) -> str:
    made = place.client("ec2").run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=place.subnet(), InstanceType="t3.micro"
    )
    return str(made["Instances"][0]["InstanceId"])


def adds_a_subnet(place: Place) -> str:
    vpc = place.vpc()
    ec2 = place.client("ec2")
    block = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlock"].replace(".0.0/16", ".200.0/24")
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"])


# Made beside it ------------------------------------------------------------------------------------------------------


def makes_a_bucket_with_a_name(place: Place) -> str:
    name = f"hokusai-scratch-{place.environment}"
    place.client("s3").create_bucket(Bucket=name)
    return name


def makes_a_bucket_with_tags(place: Place) -> str:
    s3 = place.client("s3")
    s3.create_bucket(Bucket="adas-experiments")
    tags = [{"Key": key, "Value": value} for key, value in {**place.tags, "CreatedBy": "ada"}.items()]
    s3.put_bucket_tagging(Bucket="adas-experiments", Tagging={"TagSet": tags})
    return "adas-experiments"


def makes_a_role(place: Place) -> str:
    name = f"hokusai-debug-{place.environment}"
    return str(place.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"])


def makes_a_policy(place: Place) -> str:
    name = f"hokusai-debug-{place.environment}"
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    return str(place.client("iam").create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"])


def makes_a_log_group(place: Place) -> str:
    name = f"/ecs/hokusai/debug/{place.environment}"
    place.client("logs").create_log_group(logGroupName=name)
    return name


def makes_a_target_group(place: Place) -> str:
    made = place.client("elbv2").create_target_group(
        Name=f"hokusai-debug-{place.environment}", Protocol="HTTP", Port=80, VpcId=place.vpc(), TargetType="ip"
    )
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def makes_an_alias(place: Place) -> str:
    kms = place.client("kms")
    name = f"alias/hokusai-debug-{place.environment}"
    kms.create_alias(AliasName=name, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return name


def makes_a_repository(place: Place) -> str:
    made = place.client("ecr").create_repository(repositoryName="hokusai/debug")
    return str(made["repository"]["repositoryArn"])


def makes_an_alarm(place: Place) -> str:
    name = f"hokusai-{place.environment}-debug"
    place.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        MetricName="x",
        Namespace="y",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    return name


def makes_a_topic(place: Place) -> str:
    return str(place.client("sns").create_topic(Name=f"hokusai-debug-{place.environment}")["TopicArn"])


def makes_a_parameter(place: Place) -> str:
    name = f"/hokusai/{place.environment}/debug"
    place.client("ssm").put_parameter(Name=name, Value="x", Type="String")
    return name


def makes_a_secret(place: Place) -> str:
    made = place.client("secretsmanager").create_secret(Name=f"hokusai/debug/{place.environment}", SecretString="x")
    return str(made["ARN"])


def makes_a_group(place: Place) -> str:
    made = place.client("ec2").create_security_group(GroupName="anything", Description="x", VpcId=place.vpc())
    return str(made["GroupId"])


def makes_a_key(place: Place) -> str:
    tags = [{"TagKey": key, "TagValue": value} for key, value in place.tags.items()]
    return str(place.client("kms").create_key(Tags=tags)["KeyMetadata"]["Arn"])


# What runs, what ends ------------------------------------------------------------------------------------------------


def _definition(place: Place, family: str) -> dict[str, Any]:
    told: dict[str, Any] = place.client("ecs").describe_task_definition(taskDefinition=family)["taskDefinition"]
    settable = ("family", "cpu", "memory", "networkMode", "requiresCompatibilities", "containerDefinitions",
                "executionRoleArn", "taskRoleArn", "volumes", "runtimePlatform", "ephemeralStorage")  # fmt: skip
    return {name: told[name] for name in settable if told.get(name)}


def registers_a_revision(place: Place) -> str:
    made = place.client("ecs").register_task_definition(**_definition(place, f"hokusai-mlflow-{place.environment}"))
    return str(made["taskDefinition"]["taskDefinitionArn"])


def deploys_by_hand(place: Place) -> str:
    """As the first team's script did: a new revision with another image, and the service on it."""
    ecs = place.client("ecs")
    definition = _definition(place, f"hokusai-gateway-{place.environment}")
    image = definition["containerDefinitions"][0]["image"]
    definition["containerDefinitions"][0]["image"] = image.partition("@")[0] + ":latest"
    arn = ecs.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
    service = ecs.update_service(cluster=place.cluster, service="hokusai-gateway", taskDefinition=arn)["service"]
    return str(service["serviceArn"])


def runs_another_version(place: Place) -> str:
    """What `deploys_by_hand` also leaves."""
    return f"task-definition/hokusai-gateway-{place.environment}:2"


def schedules_the_deletion_of_a_key(place: Place) -> str:
    arn = place.key("database")
    place.client("kms").schedule_key_deletion(KeyId=arn.rpartition("/")[2], PendingWindowInDays=7)
    return arn


DEEDS = {
    deed.do.__name__: deed
    for deed in [
        Deed(Rule.CHANGED, keeps_logs_for_a_day, "retention_in_days"),
        Deed(Rule.CHANGED, suspends_versioning, "versioning_configuration"),
        Deed(Rule.GONE, opens_the_bucket, "public access block"),
        Deed(Rule.CHANGED, scales_up, "max_capacity"),
        Deed(Rule.GONE, deletes_an_alarm),
        Deed(Rule.GONE, deletes_a_record),
        Deed(Rule.PART, adds_a_listener_rule, "priority 5: path-pattern /mlflow* -> fixed-response"),
        Deed(Rule.PART, adds_a_listener, "port 8080"),
        Deed(Rule.PART, opens_the_database, "tcp 5432-5432 from 0.0.0.0/0"),
        Deed(Rule.PART, lets_a_role_do_everything),
        Deed(Rule.PART, attaches_a_policy),
        Deed(Rule.PART, adds_a_route, "203.0.113.0/24"),
        Deed(Rule.PART, schedules_scaling),
        Deed(Rule.PART, adds_a_name),
        Deed(Rule.PART, starts_a_machine),
        Deed(Rule.PART, adds_a_subnet),
        Deed(Rule.PART, makes_a_group),
        Deed(Rule.UNOWNED, makes_a_bucket_with_a_name, "has a name of the platform"),
        Deed(Rule.UNOWNED, makes_a_bucket_with_tags, "carries the platform's tags"),
        Deed(Rule.UNOWNED, makes_a_role),
        Deed(Rule.UNOWNED, makes_a_policy),
        Deed(Rule.UNOWNED, makes_a_log_group),
        Deed(Rule.UNOWNED, makes_a_target_group),
        Deed(Rule.UNOWNED, makes_an_alias),
        Deed(Rule.UNOWNED, makes_a_repository),
        Deed(Rule.UNOWNED, makes_an_alarm),
        Deed(Rule.UNOWNED, makes_a_topic),
        Deed(Rule.UNOWNED, makes_a_parameter),
        Deed(Rule.UNOWNED, makes_a_secret),
        Deed(Rule.UNOWNED, makes_a_key),
        Deed(Rule.REVISION, registers_a_revision, "after the one in the state"),
        Deed(Rule.RUNNING, deploys_by_hand),
        Deed(Rule.VERSION, runs_another_version, ":latest runs as gateway"),
        Deed(Rule.EXPIRES, schedules_the_deletion_of_a_key, "PendingDeletion"),
    ]
}


def what_is_no_drift(place: Place) -> list[str]:
    """What people and AWS do all day, and nobody wants to be told; parts of what no finding may name."""
    place.client("ecs").update_service(cluster=place.cluster, service="hokusai-auth", desiredCount=7)
    place.client("s3").put_object(Bucket=place.bucket, Key="artifacts/model", Body=b"x")
    for name in ("hokusai-mlflow-artifacts-another", "somebodys-bucket"):
        place.client("s3").create_bucket(Bucket=name)
    place.client("s3").create_bucket(Bucket=f"hokusai-shared-{place.environment}")
    place.client("s3").put_bucket_tagging(
        Bucket=f"hokusai-shared-{place.environment}",
        Tagging={"TagSet": [{"Key": "Environment", "Value": "another"}]},
    )
    place.client("rds").create_db_snapshot(
        DBInstanceIdentifier=f"hokusai-mlflow-{place.environment}",
        DBSnapshotIdentifier=f"hokusai-mlflow-{place.environment}-before",
    )
    kms = place.client("kms")
    gone = kms.create_key(Tags=[{"TagKey": key, "TagValue": value} for key, value in place.tags.items()])
    kms.schedule_key_deletion(KeyId=gone["KeyMetadata"]["KeyId"], PendingWindowInDays=7)
    place.client("iam").create_role(RoleName="somebody", AssumeRolePolicyDocument="{}")
    return ["hokusai-auth", "another", "somebody", "hokusai-shared", "snapshot", str(gone["KeyMetadata"]["KeyId"])]
