"""Steps about idle connections: a service keeps them longer than the load balancer in front of it."""

from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

_SETTING = "KEEP_ALIVE_SECONDS"


def _outlives(target: Target) -> str:
    ecs, elb = target.account.client("ecs"), target.account.client("elbv2")
    arns = ecs.list_services(cluster=target.cluster)["serviceArns"]
    compared = []
    for service in ecs.describe_services(cluster=target.cluster, services=arns)["services"]:
        definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        settings = {
            entry["name"]: entry["value"]
            for container in definition["containerDefinitions"]
            for entry in container.get("environment", [])
        }
        for group in service.get("loadBalancers", []):
            [described] = elb.describe_target_groups(TargetGroupArns=[group["targetGroupArn"]])["TargetGroups"]
            for balancer in sorted({*described["LoadBalancerArns"]}) if _SETTING in settings else ():
                attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
                [idle] = [float(each["Value"]) for each in attributes if each["Key"] == "idle_timeout.timeout_seconds"]
                kept = float(settings[_SETTING])
                if kept <= idle:
                    raise CheckFailed(
                        f"{service['serviceName']} closes idle connections after {kept:g} s, the load balancer "
                        f"{balancer.split('/')[-2]} keeps them for {idle:g} s: now and then it sends a request into a "
                        "connection that is being closed, and the client gets 502",
                        arn=definition["taskDefinitionArn"],
                        attribute="container_definitions",
                        remedy=f"Make {_SETTING} larger than the load balancer's idle timeout.",
                    )
                compared.append(f"{service['serviceName']} {kept:g} s > {idle:g} s")
    return ", ".join(compared) or "no service says for how long it keeps connections"


STEPS = (Step("keep-alive", "Services keep idle connections longer than their load balancer", _outlives),)
