"""A small platform in an emulated account: `web` behind a load balancer, `back` behind a Cloud Map name.

Made by hand through boto3, so that a test can leave something out, or change it before the platform is started.
"""

import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.account.emulated import EmulatedAccount
from infra.account.seed import seed
from infra.preflight.platform.model import Task
from infra.preflight.platform.runtime import Platform, running_platform

DOMAIN = "small.test"
HOST = f"web.{DOMAIN}"
CLUSTER = "small"
BUCKET = "small-bucket"
STEADY_SECONDS = 180.0  # a hang ends here; a busy machine does not
_PROGRAM = Path(__file__).with_name("program.py")
PORTS = {"web": 8080, "back": 9090}


@dataclass
class Small:
    """What was made, by name, for tests that change it.

    Args:
        account: where it is.
        ids: ids and ARNs.
    """

    account: EmulatedAccount
    ids: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def fork(self) -> "Small":
        return Small(self.account.fork(parent_pid=os.getpid()), dict(self.ids))

    def define(self, name: str, **changes: Any) -> str:
        """A new revision of a task definition; `changes` are fields of its container, or `cpu`, `memory` and role."""
        size = {key: changes.pop(key) for key in ("cpu", "memory", "executionRoleArn") if key in changes}
        environment = {"PORT": str(PORTS[name]), **changes.pop("variables", {})}
        container = {
            "name": name,
            "image": f"{self.account.account_id}.dkr.ecr.us-east-1.amazonaws.com/hokusai/auth@sha256:0",
            "entryPoint": ["python", str(_PROGRAM)],
            "environment": [{"name": key, "value": value} for key, value in environment.items()],
            "portMappings": [{"containerPort": PORTS[name]}],
            "readonlyRootFilesystem": True,
            "user": "10001:10001",
            "stopTimeout": 5,
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": f"/small/{name}"}},
            **changes,
        }
        return str(
            self.client("ecs").register_task_definition(
                family=name,
                networkMode="awsvpc",
                requiresCompatibilities=["FARGATE"],
                containerDefinitions=[container],
                volumes=[{"name": "tmp"}],
                **{
                    "cpu": "256",
                    "memory": "512",
                    "executionRoleArn": self.ids["execution"],
                    "taskRoleArn": self.ids["task"],
                    **size,
                },
            )["taskDefinition"]["taskDefinitionArn"]
        )

    def redefine(self, name: str, **changes: Any) -> None:
        """A new revision that the service uses."""
        self.client("ecs").update_service(cluster=CLUSTER, service=name, taskDefinition=self.define(name, **changes))

    def set_policy(self, role: str, *statements: Mapping[str, Any]) -> None:
        """All that a role may do."""
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        self.client("iam").put_role_policy(RoleName=f"small-{role}", PolicyName="all", PolicyDocument=document)

    def rule(self, priority: int, conditions: list[dict[str, Any]], action: dict[str, Any]) -> str:
        """A listener rule; its ARN."""
        made = self.client("elbv2").create_rule(
            ListenerArn=self.ids["https"], Priority=priority, Conditions=conditions, Actions=[action]
        )
        return str(made["Rules"][0]["RuleArn"])

    @contextmanager
    def running(self, folder: Path, *, steady: bool = True) -> Iterator["Running"]:
        """The platform, with its services started."""
        folder.mkdir(parents=True, exist_ok=True)
        with running_platform(self.account, CLUSTER, folder / "platform") as platform:
            platform.start_services()
            if steady:
                platform.wait_until_steady(STEADY_SECONDS)
            yield Running(self, platform)


@dataclass
class Answer:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Running:
    """A platform that runs."""

    small: Small
    platform: Platform

    def task(self, service: str) -> Task:
        """The newest running task of a service."""
        return next(t for t in reversed(self.platform.tasks) if t.service == service and t.state == "RUNNING")

    def ask(  # noqa: PLR0917
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        host: str = HOST,
        scheme: str = "https",
    ) -> Answer:
        """A request at the front door, from this process, which knows where it is."""
        end = self.platform.hosts[HOST]
        port = end.https_port if scheme == "https" else end.http_port
        context = ssl.create_default_context(cafile=str(self.platform.ca_file))
        context.check_hostname = False  # by address; test_network_hook uses the name
        request = urllib.request.Request(  # noqa: S310
            f"{scheme}://{end.address}:{port}{path}", body, {"Host": host, **(headers or {})}, method=method
        )
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirect()
        )
        try:
            with opener.open(request, timeout=60) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def inside(self, service: str, code: str) -> Any:
        """Run Python in a task's own process environment, as a program of its container would; its `result`."""
        return self.run(code, self.platform.client_environment(os.environ, self.task(service)))

    def outside(self, code: str) -> Any:
        """Run Python as a client on the internet; its `result`."""
        return self.run(code, self.platform.client_environment(os.environ))

    @staticmethod
    def run(code: str, environment: Mapping[str, str]) -> Any:
        """Run Python that sets `result`."""
        script = f"import json\n{code}\nprint(json.dumps(result))"
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def make_small(account: EmulatedAccount) -> Small:
    """Fill an account that belongs to nobody else."""
    seed(account, DOMAIN)
    small = Small(account)
    _network(small)
    _identities(small)
    _edge(small)
    _services(small)
    return small


def _network(small: Small) -> None:
    ec2, ids = small.client("ec2"), small.ids
    vpc = ids["vpc"] = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for name, block in {"public": "10.0.0.0/24", "private": "10.0.1.0/24"}.items():
        ids[name] = ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=ids["public"], AllocationId=address)["NatGateway"]["NatGatewayId"]
    table = ids["routes"] = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.associate_route_table(RouteTableId=table, SubnetId=ids["private"])
    for name in ("alb", "web", "back"):
        group = ids[f"sg-{name}"] = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        everything = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
    connect(small, "0.0.0.0/0", "alb", 443)
    connect(small, "0.0.0.0/0", "alb", 80)
    connect(small, "alb", "web", 8080)
    connect(small, "web", "back", 9090)
    for name in ("web", "back"):
        connect(small, name, "0.0.0.0/0", 443)


def connect(small: Small, source: str, target: str, port: int) -> None:
    """The security group rules of a connection between groups, or with a range at one end."""
    ec2, ids = small.client("ec2"), small.ids

    def permission(other: str) -> list[dict[str, Any]]:
        peer = (
            {"IpRanges": [{"CidrIp": other}]}
            if "/" in other
            else {"UserIdGroupPairs": [{"GroupId": ids[f"sg-{other}"]}]}
        )
        return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}]

    if "/" not in source:
        ec2.authorize_security_group_egress(GroupId=ids[f"sg-{source}"], IpPermissions=permission(target))
    if "/" not in target:
        ec2.authorize_security_group_ingress(GroupId=ids[f"sg-{target}"], IpPermissions=permission(source))


def disconnect(small: Small, group: str, *, egress: bool, port: int) -> None:
    """Remove the rules of a group for a port, in one direction."""
    ec2 = small.client("ec2")
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [small.ids[f"sg-{group}"]]}])
    found = [r for r in rules["SecurityGroupRules"] if r["IsEgress"] is egress and r["FromPort"] == port]
    assert found
    for rule in found:
        chosen = {"GroupId": rule["GroupId"], "SecurityGroupRuleIds": [rule["SecurityGroupRuleId"]]}
        (ec2.revoke_security_group_egress if egress else ec2.revoke_security_group_ingress)(**chosen)


def _identities(small: Small) -> None:
    iam = small.client("iam")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": small.account.account_id}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    for name in ("execution", "task"):
        made = iam.create_role(RoleName=f"small-{name}", AssumeRolePolicyDocument=document)
        small.ids[name] = made["Role"]["Arn"]
    small.set_policy(
        "execution",
        {"Effect": "Allow", "Action": ["ecr:*", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"},
    )
    for name in PORTS:
        small.client("logs").create_log_group(logGroupName=f"/small/{name}")
    small.client("s3").create_bucket(Bucket=BUCKET)


def _edge(small: Small) -> None:
    elbv2, ids = small.client("elbv2"), small.ids
    balancer = elbv2.create_load_balancer(
        Name="small", Subnets=[ids["public"], ids["private"]], SecurityGroups=[ids["sg-alb"]], Type="application"
    )["LoadBalancers"][0]
    ids["alb"] = balancer["LoadBalancerArn"]
    group = elbv2.create_target_group(
        Name="web", Protocol="HTTP", Port=8080, VpcId=ids["vpc"], TargetType="ip", HealthCheckPath="/health"
    )["TargetGroups"][0]
    ids["group"] = group["TargetGroupArn"]
    elbv2.modify_target_group_attributes(
        TargetGroupArn=ids["group"], Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}]
    )
    [certificate] = small.client("acm").list_certificates()["CertificateSummaryList"]
    ids["https"] = elbv2.create_listener(
        LoadBalancerArn=ids["alb"],
        Port=443,
        Protocol="HTTPS",
        Certificates=[{"CertificateArn": certificate["CertificateArn"]}],
        DefaultActions=[
            {
                "Type": "fixed-response",
                "FixedResponseConfig": {
                    "StatusCode": "404",
                    "ContentType": "text/plain",
                    "MessageBody": "nothing here",
                },
            }
        ],
    )["Listeners"][0]["ListenerArn"]
    elbv2.create_listener(
        LoadBalancerArn=ids["alb"],
        Port=80,
        Protocol="HTTP",
        DefaultActions=[
            {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
        ],
    )
    ids["rule"] = small.rule(100, [host(HOST), path("/*")], forward(small))
    route53 = small.client("route53")
    [zone] = route53.list_hosted_zones()["HostedZones"]
    alias = {
        "HostedZoneId": balancer["CanonicalHostedZoneId"],
        "DNSName": balancer["DNSName"],
        "EvaluateTargetHealth": True,
    }
    change = {"Action": "CREATE", "ResourceRecordSet": {"Name": HOST, "Type": "A", "AliasTarget": alias}}
    route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch={"Changes": [change]})


def _services(small: Small) -> None:
    discovery, ecs, ids = small.client("servicediscovery"), small.client("ecs"), small.ids
    operation = discovery.create_private_dns_namespace(Name="small.local", Vpc=ids["vpc"])["OperationId"]
    namespace = discovery.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
    service = discovery.create_service(
        Name="back",
        DnsConfig={"NamespaceId": namespace, "DnsRecords": [{"Type": "A", "TTL": 10}]},
        HealthCheckCustomConfig={"FailureThreshold": 1},
    )["Service"]
    ids["registry"] = service["Arn"]
    ecs.create_cluster(clusterName=CLUSTER)
    places = {
        "web": {"loadBalancers": [{"targetGroupArn": ids["group"], "containerName": "web", "containerPort": 8080}]},
        "back": {"serviceRegistries": [{"registryArn": ids["registry"]}]},
    }
    for name, place in places.items():
        ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=small.define(name),
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {"subnets": [ids["private"]], "securityGroups": [ids[f"sg-{name}"]]}
            },
            deploymentConfiguration={
                "maximumPercent": 200,
                "minimumHealthyPercent": 100,
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            },
            **place,
        )


def host(*names: str) -> dict[str, Any]:
    """A rule condition."""
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(names)}}


def path(*patterns: str) -> dict[str, Any]:
    """A rule condition."""
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}


def forward(small: Small) -> dict[str, Any]:
    """A rule action."""
    return {"Type": "forward", "TargetGroupArn": small.ids["group"]}


def fixed(status: int, text: str = "") -> dict[str, Any]:
    """A rule action."""
    said = {"StatusCode": str(status), "ContentType": "text/plain", "MessageBody": text}
    return {"Type": "fixed-response", "FixedResponseConfig": said}
