"""The load balancers of the first version, their rules, and the names that lead to them."""

from collections.abc import Sequence
from typing import Final

from tests.release.adopt.first_version.account import DOMAIN, ENVIRONMENT, OldAccount, tag_list

_TARGETS: Final = {"api": (8001, "/health"), "mlflow": (5000, "/mlflow"), "auth": (8000, "/health")}


def make_edge(old: OldAccount) -> None:
    """Make one load balancer for everything, whose rules led past the authentication, and the dedicated ones.

    Args:
        old: the account.
    """
    for name, (port, path) in _TARGETS.items():
        _target_group(old, name, port, path)
    _, shared = _load_balancer(old, "hokusai-production", "")
    registry_host = [f"registry.{DOMAIN}"]
    _rule(old, shared, 40, "mlflow", hosts=registry_host, paths=["/mlflow*"])
    _rule(old, shared, 50, "api", hosts=registry_host)
    _rule(old, shared, 100, "api", paths=["/api*"])
    _rule(old, shared, 200, "mlflow", paths=["/mlflow"])

    auth, listener = _load_balancer(old, f"hokusai-auth-{ENVIRONMENT}", 'module.alb["auth"]')
    _rule(old, listener, 90, "auth", paths=["/health", "/"])
    _rule(old, listener, 100, "auth", paths=["/api/v1/*"])
    registry, listener = _load_balancer(old, f"hokusai-registry-{ENVIRONMENT}", 'module.alb["registry"]')
    rules = "module.alb_rules.aws_lb_listener_rule.this"
    # These two have priorities that are used again, for other conditions.
    old.kept[f'{rules}["registry"]'] = _rule(old, listener, 100, "mlflow", paths=["/mlflow", "/mlflow/*"])
    old.kept[f'{rules}["registry-service"]'] = _rule(old, listener, 110, "api", paths=["/api/mlflow/*"])
    _rule(old, listener, 120, "api", paths=["/api/*"])
    _record(old, "auth", auth)
    _record(old, "registry", registry)


def _target_group(old: OldAccount, name: str, port: int, path: str) -> None:
    [made] = old.client("elbv2").create_target_group(
        Name=f"hokusai-{name}-{ENVIRONMENT}",
        Protocol="HTTP",
        Port=port,
        VpcId=old.vpc,
        TargetType="ip",
        HealthCheckPath=path,
        Matcher={"HttpCode": "200,308" if name == "mlflow" else "200"},
        Tags=tag_list(),
    )["TargetGroups"]
    old.targets[name] = made["TargetGroupArn"]


def _load_balancer(old: OldAccount, name: str, module: str) -> tuple[str, str]:
    """Make one: its ARN, and that of the listener with rules. Where a module is named, it stays as that module's."""
    elb = old.client("elbv2")
    [made] = elb.create_load_balancer(
        Name=name, Subnets=old.public, SecurityGroups=[old.groups["alb"]], Scheme="internet-facing", Tags=tag_list()
    )["LoadBalancers"]
    arn = str(made["LoadBalancerArn"])
    protected = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protected)
    certificates = old.client("acm").list_certificates()["CertificateSummaryList"]
    [certificate] = [each["CertificateArn"] for each in certificates if each["DomainName"] == DOMAIN]
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    [http] = elb.create_listener(
        LoadBalancerArn=arn,
        Port=80,
        Protocol="HTTP",
        DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}],
        Tags=tag_list(),
    )["Listeners"]
    [https] = elb.create_listener(
        LoadBalancerArn=arn,
        Port=443,
        Protocol="HTTPS",
        SslPolicy="ELBSecurityPolicy-TLS-1-2-2017-01",
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": old.targets["api"]}],
        Tags=tag_list(),
    )["Listeners"]
    if module:
        old.kept |= {
            f"{module}.aws_lb.this": arn,
            f"{module}.aws_lb_listener.http": http["ListenerArn"],
            f"{module}.aws_lb_listener.https": https["ListenerArn"],
        }
    return arn, str(https["ListenerArn"])


def _rule(  # noqa: PLR0917 - each is named by what a rule has
    old: OldAccount, listener: str, priority: int, target: str, hosts: Sequence[str] = (), paths: Sequence[str] = ()
) -> str:
    conditions = [
        {"Field": field, config: {"Values": list(values)}}
        for field, config, values in (
            ("host-header", "HostHeaderConfig", hosts),
            ("path-pattern", "PathPatternConfig", paths),
        )
        if values
    ]
    [made] = old.client("elbv2").create_rule(
        ListenerArn=listener,
        Priority=priority,
        Conditions=conditions,
        Actions=[{"Type": "forward", "TargetGroupArn": old.targets[target]}],
        Tags=tag_list(),
    )["Rules"]
    return str(made["RuleArn"])


def _record(old: OldAccount, host: str, load_balancer: str) -> None:
    route53 = old.client("route53")
    [zone] = [each for each in route53.list_hosted_zones()["HostedZones"] if each["Name"] == f"{DOMAIN}."]
    [found] = old.client("elbv2").describe_load_balancers(LoadBalancerArns=[load_balancer])["LoadBalancers"]
    target = {"HostedZoneId": found["CanonicalHostedZoneId"], "DNSName": found["DNSName"], "EvaluateTargetHealth": True}
    record = {"Name": f"{host}.{DOMAIN}", "Type": "A", "AliasTarget": target}
    changes = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch=changes)
    zone_id = zone["Id"].rpartition("/")[2]
    old.kept[f'aws_route53_record.host["{host}"]'] = f"{zone_id}_{host}.{DOMAIN}_A"
