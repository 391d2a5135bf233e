"""ecs-service: one interface for every service; its task definition is known at plan, without secret, without tag."""

import json
from typing import Any

import pytest

from infra.repository import MODULES
from infra.terraform.configuration import declarations
from infra.terraform.plan_json import Plan, Resource
from tests.conftest import ACCOUNT_ID, REGION, Refusal
from tests.module_plans import ModulePlans

MODULE = "ecs-service"
REPOSITORY = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/hokusai/mlflow"
IMAGE = f"{REPOSITORY}@sha256:{'d2' * 32}"
PASSWORD_ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT_ID}:parameter/hokusai/staging/database/mlflow-password"
TARGET_GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT_ID}:targetgroup/hokusai-registry/943f017f100becff"
DISCOVERY = {
    "service_arn": f"arn:aws:servicediscovery:{REGION}:{ACCOUNT_ID}:service/srv-0a1b2c3d",
    "hostname": "mlflow.hokusai-staging.local",
}

CONTAINER: dict[str, object] = {
    "image": IMAGE,
    "command": ["serve"],
    "port": 5000,
    "environment": {"ZONE": "last", "AUTH_SERVICE_URL": "http://auth.hokusai-staging.local:8000"},
    "secrets": {"DATABASE_PASSWORD": PASSWORD_ARN},
    "health_check": {"command": ["CMD", "mlflow-server", "health"]},
    "scratch": {"tmp": "/tmp"},  # noqa: S108 - a path in a container
}
SERVICE: dict[str, object] = {"scaling": {"min": 2, "max": 6}}
INPUTS: dict[str, object] = {
    "name": "mlflow",
    "environment": "staging",
    "cluster": {"name": "hokusai-staging", "arn": f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:cluster/hokusai-staging"},
    "vpc_id": "vpc-0a1b2c3d4e5f60718",
    "subnet_ids": {"a": "subnet-0a1b2c3d4e5f60718", "b": "subnet-0f1e2d3c4b5a69788"},
    "cpu": 1024,
    "memory": 4096,
    "log_group_name": "/ecs/hokusai/mlflow/staging",
    "namespace_name": "hokusai-staging.local",
    "registered_hostnames": ["auth.hokusai-staging.local", "mlflow.hokusai-staging.local"],
    "roles": {
        "execution_role_arn": f"arn:aws:iam::{ACCOUNT_ID}:role/hokusai-mlflow-execution-staging",
        "task_role_arn": f"arn:aws:iam::{ACCOUNT_ID}:role/hokusai-mlflow-task-staging",
    },
    "containers": {"mlflow": CONTAINER},
    "service": SERVICE,
    "discovery": DISCOVERY,
}

# Everything that a container definition of the platform consists of, as ECS gives it back.
EXPECTED_CONTAINER = {
    "name": "mlflow",
    "image": IMAGE,
    "essential": True,
    "command": ["serve"],
    "user": "10001:10001",
    "readonlyRootFilesystem": True,
    "environment": [
        {"name": "AUTH_SERVICE_URL", "value": "http://auth.hokusai-staging.local:8000"},
        {"name": "ZONE", "value": "last"},
    ],
    "secrets": [{"name": "DATABASE_PASSWORD", "valueFrom": PASSWORD_ARN}],
    "mountPoints": [{"sourceVolume": "mlflow-tmp", "containerPath": "/tmp", "readOnly": False}],  # noqa: S108
    "portMappings": [{"containerPort": 5000, "hostPort": 5000, "protocol": "tcp"}],
    "healthCheck": {
        "command": ["CMD", "mlflow-server", "health"],
        "interval": 15,
        "timeout": 5,
        "retries": 3,
        "startPeriod": 60,
    },
    "linuxParameters": {"initProcessEnabled": True},
    "stopTimeout": 120,
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": "/ecs/hokusai/mlflow/staging",
            "awslogs-region": REGION,
            "awslogs-stream-prefix": "mlflow",
            "max-buffer-size": "25m",
            "mode": "non-blocking",
        },
    },
}


def container(**change: object) -> dict[str, object]:
    return {"containers": {"mlflow": CONTAINER | change}}


def environment(**variables: str) -> dict[str, object]:
    return container(environment=variables)


def service(**change: object) -> dict[str, object]:
    return {"service": SERVICE | change}


def target(**change: object) -> dict[str, object]:
    return {"registry": {"target_group_arn": TARGET_GROUP, "container": "mlflow", "port": 5000} | change}


@pytest.fixture(scope="module")
def defaults(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS)


@pytest.fixture(scope="module")
def everything(plan: ModulePlans) -> Plan:
    """Two containers, a load balancer, every scaling target, alarms, exec, two capacity providers."""
    side: dict[str, object] = {
        "image": IMAGE,
        "essential": False,
        "read_only_root_filesystem": False,
        "user": "1000",
        "cpu": 64,
        "memory": 256,
        "health_check": {"command": ["CMD-SHELL", "true"], "start_period_seconds": 0},
    }
    return plan(
        MODULE,
        INPUTS
        | {
            "containers": {"mlflow": CONTAINER, "side": side},
            "ephemeral_storage_gib": 100,
            "cpu_architecture": "ARM64",
            "keep_revisions": False,
            "discovery": None,
            "service": {
                "scaling": {
                    "min": 1,
                    "max": 3,
                    "cpu_target_percent": 50,
                    "memory_target_percent": 75,
                    "requests_per_target": {
                        "requests": 600,
                        "load_balancer": "registry",
                        "load_balancer_arn_suffix": "app/hokusai-edge-staging/50dc6c495c0c9188",
                    },
                },
                "load_balancer": target(),
                "health_check_grace_period_seconds": 30,
                "deployment_alarm_names": ["hokusai-staging-mlflow-cpu", "hokusai-staging-mlflow-5xx"],
                "enable_exec": True,
                "capacity_providers": {"FARGATE": {"base": 1, "weight": 0}, "FARGATE_SPOT": {"weight": 1}},
            },
        },
    )


def definitions(plan: Plan) -> list[dict[str, Any]]:
    document = json.loads(plan["aws_ecs_task_definition.this"]["container_definitions"])
    assert isinstance(document, list)
    return document


def ecs_service(plan: Plan) -> Resource:
    return plan["aws_ecs_service.this[0]"]


def test_a_container_is_written_as_ecs_gives_it_back(defaults: Plan) -> None:
    assert definitions(defaults) == [EXPECTED_CONTAINER]
    assert defaults.outputs["container_definitions"] == [EXPECTED_CONTAINER]
    # Whatever the order of the input was.
    assert list(definitions(defaults)[0]) == sorted(definitions(defaults)[0])
    assert "null" not in defaults["aws_ecs_task_definition.this"]["container_definitions"]


def test_the_task_definition_is_for_fargate_and_kept(defaults: Plan, everything: Plan) -> None:
    task = defaults["aws_ecs_task_definition.this"]
    assert task["family"] == defaults.outputs["family"] == "hokusai-mlflow-staging"
    assert (task["cpu"], task["memory"], task["network_mode"]) == ("1024", "4096", "awsvpc")
    assert task["requires_compatibilities"] == ["FARGATE"]
    assert task["ephemeral_storage"] == [{"size_in_gib": 21}]
    assert task["runtime_platform"] == [{"cpu_architecture": "X86_64", "operating_system_family": "LINUX"}]
    roles = INPUTS["roles"]
    assert isinstance(roles, dict)
    assert (task["execution_role_arn"], task["task_role_arn"]) == tuple(roles.values())
    assert [volume["name"] for volume in task["volume"]] == ["mlflow-tmp"]
    # The circuit breaker goes back to the revision before, which must still be active.
    assert task["skip_destroy"] is True

    other = everything["aws_ecs_task_definition.this"]
    assert other["skip_destroy"] is False
    assert other["ephemeral_storage"] == [{"size_in_gib": 100}]
    assert other["runtime_platform"][0]["cpu_architecture"] == "ARM64"


def test_a_deployment_rolls_itself_back(defaults: Plan, everything: Plan) -> None:
    for plan in (defaults, everything):
        assert ecs_service(plan)["deployment_circuit_breaker"] == [{"enable": True, "rollback": True}]
    assert ecs_service(defaults)["alarms"] == []
    (alarms,) = ecs_service(everything)["alarms"]
    assert (alarms["enable"], alarms["rollback"]) == (True, True)
    assert sorted(alarms["alarm_names"]) == ["hokusai-staging-mlflow-5xx", "hokusai-staging-mlflow-cpu"]


def test_a_service_is_private_balanced_over_zones_and_closed(defaults: Plan) -> None:
    planned = ecs_service(defaults)
    assert planned["name"] == defaults.outputs["service_name"] == "hokusai-mlflow"
    (network,) = planned["network_configuration"]
    assert network["assign_public_ip"] is False
    assert sorted(network["subnets"]) == ["subnet-0a1b2c3d4e5f60718", "subnet-0f1e2d3c4b5a69788"]
    assert planned["availability_zone_rebalancing"] == "ENABLED"
    assert planned["enable_execute_command"] is False
    assert planned["platform_version"] == "1.4.0"
    assert planned["propagate_tags"] == "SERVICE"
    assert planned["enable_ecs_managed_tags"] is True
    assert (planned["deployment_minimum_healthy_percent"], planned["deployment_maximum_percent"]) == (100, 200)
    strategy = planned["capacity_provider_strategy"]
    assert strategy == [{"capacity_provider": "FARGATE", "base": 0, "weight": 1}]

    group = defaults["aws_security_group.this"]
    assert group["name"] == "hokusai-mlflow-staging"
    # Nothing planned but "known after apply": rules are made by `connections`.
    assert not group.values.get("ingress")
    assert not group.values.get("egress")
    assert not [resource for resource in defaults.resources.values() if "rule" in resource.type]


def test_a_registered_service_is_attached_to_its_name(defaults: Plan, everything: Plan) -> None:
    (registry,) = ecs_service(defaults)["service_registries"]
    assert registry["registry_arn"] == DISCOVERY["service_arn"]
    assert ecs_service(everything)["service_registries"] == []


def test_a_load_balancer_sends_to_a_container_s_port(defaults: Plan, everything: Plan) -> None:
    (balancer,) = ecs_service(everything)["load_balancer"]
    assert balancer["target_group_arn"] == TARGET_GROUP
    assert (balancer["container_name"], balancer["container_port"]) == ("mlflow", 5000)
    assert ecs_service(everything)["health_check_grace_period_seconds"] == 30
    # ECS refuses a grace period without a load balancer.
    assert ecs_service(defaults)["load_balancer"] == []
    assert ecs_service(defaults).values["health_check_grace_period_seconds"] is None


def test_the_number_of_tasks_has_one_owner(defaults: Plan) -> None:
    scaled = defaults["aws_appautoscaling_target.this[0]"]
    assert (scaled["min_capacity"], scaled["max_capacity"]) == (2, 6)
    assert scaled["resource_id"] == "service/hokusai-staging/hokusai-mlflow"
    assert ecs_service(defaults)["desired_count"] == 2
    block = next(item for item in declarations([MODULES / MODULE / "service.tf"]) if item.type == "aws_ecs_service")
    (lifecycle,) = block.body["lifecycle"]
    assert lifecycle["ignore_changes"] == ["desired_count"]


def policies(plan: Plan) -> dict[str, tuple[str, float, str | None]]:
    found = {}
    for policy in plan.of_type("aws_appautoscaling_policy"):
        (configuration,) = policy["target_tracking_scaling_policy_configuration"]
        (metric,) = configuration["predefined_metric_specification"]
        assert (configuration["scale_out_cooldown"], configuration["scale_in_cooldown"]) == (60, 300)
        kind, label = metric["predefined_metric_type"], metric.get("resource_label")
        found[policy["name"]] = (kind, configuration["target_value"], label)
    return found


def test_tasks_are_added_by_cpu_and_by_what_else_was_asked_for(defaults: Plan, everything: Plan) -> None:
    assert policies(defaults) == {"hokusai-mlflow-cpu": ("ECSServiceAverageCPUUtilization", 60, None)}
    label = "app/hokusai-edge-staging/50dc6c495c0c9188/targetgroup/hokusai-registry/943f017f100becff"
    assert policies(everything) == {
        "hokusai-mlflow-cpu": ("ECSServiceAverageCPUUtilization", 50, None),
        "hokusai-mlflow-memory": ("ECSServiceAverageMemoryUtilization", 75, None),
        "hokusai-mlflow-requests": ("ALBRequestCountPerTarget", 600, label),
    }


def test_a_fixed_size_has_no_policy(plan: ModulePlans) -> None:
    fixed = plan(MODULE, INPUTS | service(scaling={"min": 3, "max": 3, "memory_target_percent": 70}))
    assert policies(fixed) == {}
    scaled = fixed["aws_appautoscaling_target.this[0]"]
    assert (scaled["min_capacity"], scaled["max_capacity"]) == (3, 3)


def test_exec_gets_the_paths_that_its_agent_writes_to(everything: Plan) -> None:
    assert ecs_service(everything)["enable_execute_command"] is True
    main, side = definitions(everything)
    assert {mount["containerPath"] for mount in main["mountPoints"]} == {
        "/tmp",  # noqa: S108
        "/var/lib/amazon",
        "/var/log/amazon",
    }
    mounted = {mount["sourceVolume"] for mount in main["mountPoints"]}
    assert {volume["name"] for volume in everything["aws_ecs_task_definition.this"]["volume"]} == mounted
    # Its root can be written to.
    assert side["mountPoints"] == []
    assert side["readonlyRootFilesystem"] is False


def test_a_second_container_has_its_share(everything: Plan) -> None:
    main, side = definitions(everything)
    assert (main["name"], side["name"]) == ("mlflow", "side")
    assert (side["cpu"], side["memory"], side["user"], side["essential"]) == (64, 256, "1000", False)
    assert side["portMappings"] == side["environment"] == side["secrets"] == []
    assert not {"command", "entryPoint"} & side.keys()
    strategy = ecs_service(everything)["capacity_provider_strategy"]
    assert {item["capacity_provider"]: (item["base"], item["weight"]) for item in strategy} == {
        "FARGATE": (1, 0),
        "FARGATE_SPOT": (0, 1),
    }


def test_a_task_without_service_is_only_a_task_definition(plan: ModulePlans) -> None:
    task = plan(MODULE, {}, root="examples/task")
    assert {resource.type for resource in task.resources.values()} == {"aws_ecs_task_definition", "aws_security_group"}


@pytest.mark.parametrize("example", ["basic", "behind-load-balancer"])
def test_the_examples_plan(plan: ModulePlans, example: str) -> None:
    assert len(plan(MODULE, {}, root=f"examples/{example}").of_type("aws_ecs_service")) == 1


def test_settings_about_secrets_are_no_secrets(plan: ModulePlans) -> None:
    """What a program is told about keys and tokens stays possible."""
    harmless = {
        "API_KEY_CACHE_SECONDS": "300",
        "AUTH_DEFAULT_SCOPES": "mlflow:read",
        "AUTH_SERVICE_ID": "platform",
        "AUTH_TOKEN_TTL_SECONDS": "300",
        "CORS_ALLOW_CREDENTIALS": "true",
        "DATABASE_PASSWORD_PARAMETER": "/hokusai/staging/database/mlflow-password",
        "DATABASE_URL": "postgresql://db.internal:5432/mlflow?user=mlflow",
        "LEGACY_SERVICE_ID_UNTIL": "2027-03-31",
        "MAX_TOKENS": "4096",
        "OAUTH_TOKEN_URL": "https://auth.hokus.ai/oauth/token",
        "PASSWORD_MIN_LENGTH": "12",
        "PWD": "/srv",
        "SECRETS_MANAGER_ENDPOINT": "https://secretsmanager.us-east-1.amazonaws.com",
        "SESSION_TOKEN": "",
        "TOKENIZERS_PARALLELISM": "4",
        "UPSTREAM": "http://user@proxy.internal:3128/path:with@signs",
    }
    planned = plan(MODULE, INPUTS | environment(**harmless))
    assert {item["name"]: item["value"] for item in definitions(planned)[0]["environment"]} == harmless


SECRET_NAMES = [
    "ACCESS_KEY",
    "AUTH_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "CLIENT_SECRET",
    "DATABASE_PASSWORD",
    "DB_PASS",
    "DB_PWD",
    "GOOGLE_CREDENTIALS",
    "HOKUSAI_API_KEY",
    "JWT_SECRET_KEY",
    "PGPASSWORD",
    "SECRETS",
    "SIGNING_PRIVATE_KEY",
    "TOKEN_VALUE",
    "password",
]


@pytest.fixture(scope="module")
def refused_names(refuse: Refusal) -> str:
    change = container(environment=dict.fromkeys(SECRET_NAMES, "cliffhanger-93"), secrets={})
    return refuse(MODULE, INPUTS | change, "What looks like a secret stands in plain sight in the task definition")


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_is_known_by_its_name(refused_names: str, name: str) -> None:
    assert f'container "mlflow": {name} (by its name)' in refused_names
    assert "cliffhanger" not in refused_names


# Put together here, so that scanners of this repository do not find what these tests are about.
JWT = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJob2t1c2FpIn0", "c2lnbmF0dXJl" * 3])


SECRET_VALUES = [
    ("AKIA" + "IOSFODNN7EXAMPLE", "an AWS access key"),
    ("id=ASIA" + "IOSFODNN7EXAMPLE;", "an AWS access key"),
    ("-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow\n-----END", "a private key"),
    ("-----BEGIN " + "PRIVATE KEY-----", "a private key"),
    ("postgresql://mlflow:" + "cliffhanger@db.internal:5432/mlflow", "a URL with a password"),
    ("redis://:" + "cliffhanger@cache.internal:6379/0", "a URL with a password"),
    (f"Bearer {JWT}", "a JSON web token"),
    ("ghp_" + "a1B2" * 9, "a GitHub token"),
    ("github_pat_" + "a1B2" * 8, "a GitHub token"),
    ("glpat-" + "a1B2" * 5, "a GitLab or Slack token"),
    ("sk_live_" + "a1B2" * 5, "a key of an API"),
]


@pytest.fixture(scope="module")
def refused_values(refuse: Refusal) -> str:
    settings = {f"SETTING_{number}": value for number, (value, _) in enumerate(SECRET_VALUES)}
    return refuse(MODULE, INPUTS | environment(**settings), "What looks like a secret stands in plain sight")


@pytest.mark.parametrize("number", range(len(SECRET_VALUES)), ids=[kind for _, kind in SECRET_VALUES])
def test_a_secret_is_known_by_its_value(refused_values: str, number: int) -> None:
    value, kind = SECRET_VALUES[number]
    assert f'container "mlflow": SETTING_{number} ({kind}' in refused_values
    assert value not in refused_values
    assert "cliffhanger" not in refused_values


def test_a_secret_is_known_on_the_command_line_too(refuse: Refusal) -> None:
    change = container(command=["serve", "--backend-store-uri", "postgresql://mlflow:" + "cliffhanger@db/mlflow"])
    error = refuse(MODULE, INPUTS | change, 'container "mlflow": command (a URL with a password)')
    assert "cliffhanger" not in error


CALLS = [
    "http://mlflw.hokusai-staging.local:5000",
    "mlflw.hokusai-staging.local",
    "mlflw.hokusai-staging.local.",
    "a,mlflw.hokusai-staging.local,b",
    "http://auth.hokusai-staging.local,mlflw.hokusai-staging.local/x",
    "http://MLFLW.Hokusai-Staging.local",
]


@pytest.fixture(scope="module")
def refused_calls(refuse: Refusal) -> str:
    calls = {f"UPSTREAM_{number}": value for number, value in enumerate(CALLS)}
    registered = "Registered are: auth.hokusai-staging.local, mlflow.hokusai-staging.local."
    return refuse(MODULE, INPUTS | environment(**calls), registered)


@pytest.mark.parametrize("number", range(len(CALLS)), ids=CALLS)
def test_a_name_that_nobody_registered_is_not_called(refused_calls: str, number: int) -> None:
    assert (
        f'Container "mlflow": UPSTREAM_{number} calls mlflw.hokusai-staging.local, but no service is registered '
        "under that name" in refused_calls
    )
    assert f"UPSTREAM_{number} calls auth" not in refused_calls


def test_other_names_are_nobody_s_business(plan: ModulePlans) -> None:
    planned = plan(
        MODULE,
        INPUTS
        | environment(
            NAMESPACE="hokusai-staging.local",
            OTHER="http://mlflow.hokusai-staging.localhost:5000",
            PUBLIC="https://mlflow.hokusai-staging.local.example.org",
            BOTH="http://auth.hokusai-staging.local:8000,http://mlflow.hokusai-staging.local:5000",
        ),
    )
    assert len(definitions(planned)[0]["environment"]) == 4


@pytest.mark.parametrize(
    ("cpu", "memory", "message"),
    [
        (256, 4096, "memory is 4096 MiB, which Fargate does not offer with cpu 256: it accepts 512, 1024, 2048"),
        (2048, 4608, "does not offer with cpu 2048"),
        (8192, 17408, "does not offer with cpu 8192"),
        (16384, 36864, "does not offer with cpu 16384"),
    ],
)
def test_sizes_that_fargate_does_not_have(refuse: Refusal, cpu: int, memory: int, message: str) -> None:
    refuse(MODULE, INPUTS | {"cpu": cpu, "memory": memory}, message)


@pytest.mark.parametrize(("cpu", "memory"), [(256, 2048), (16384, 122880)])
def test_sizes_that_fargate_has(plan: ModulePlans, cpu: int, memory: int) -> None:
    task = plan(MODULE, INPUTS | {"cpu": cpu, "memory": memory})["aws_ecs_task_definition.this"]
    assert (task["cpu"], task["memory"]) == (str(cpu), str(memory))


CHECK: dict[str, object] = {"command": ["CMD", "health"]}
BAD_CHECKS = 'health_check of "interval", "period", "retries", "timeout" is outside what ECS accepts'
SHARED_PORT = 'share its network interface: "high" (70000), "one" (5000), "two" (5000)'

# Every container has its own fault, and every message must name it. Several plans, since Terraform repeats the input's
# line with each message and tftest does not read errors before the end: more than a pipe holds would wait for ever.
REFUSED_CONTAINERS: list[dict[str, tuple[dict[str, object], str]]] = [
    {
        "tagged": ({"image": f"{REPOSITORY}:latest"}, f'"tagged" ({REPOSITORY}:latest)'),
        "short": ({"image": f"{REPOSITORY}@sha256:d2"}, f'"short" ({REPOSITORY}@sha256:d2)'),
        "no-type": ({"health_check": {"command": ["true"]}}, 'line]; change "empty", "no-type"'),
        "empty": ({"health_check": {"command": []}}, 'line]; change "empty", "no-type"'),
        "variable": ({"environment": {"A-B": "1"}}, 'a shell cannot read: container "variable": "A-B"'),
        "Upper": ({}, 'containers has names that do not fit: "Upper"'),
    },
    {
        "interval": ({"health_check": CHECK | {"interval_seconds": 4}}, BAD_CHECKS),
        "period": ({"health_check": CHECK | {"start_period_seconds": 301}}, BAD_CHECKS),
        "retries": ({"health_check": CHECK | {"retries": 11}}, BAD_CHECKS),
        "timeout": ({"health_check": CHECK | {"timeout_seconds": 61}}, BAD_CHECKS),
        "slow-stop": ({"stop_timeout_seconds": 300}, 'which is all that Fargate grants; change "slow-stop" (300)'),
        "in-both": (
            {"environment": {"X": "1"}, "secrets": {"X": PASSWORD_ARN}},
            'both in environment and in secrets, and ECS accepts one of them: container "in-both": X.',
        ),
    },
    {
        "root-group": ({"user": "10001:0"}, '"root-group" (10001:0)'),
        "root-name": ({"user": "root"}, '"root-name" (root)'),
        "root-number": ({"user": "0:0"}, '"root-number" (0:0)'),
        "high": ({"port": 70000}, 'from 1 to 65535; change "high" (70000)'),
        "one": ({"port": 5000}, SHARED_PORT),
        "two": ({"port": 5000}, SHARED_PORT),
    },
    {
        "relative": ({"scratch": {"tmp": "tmp"}}, 'container "relative": tmp = "tmp"'),
        "root": ({"scratch": {"tmp": "/"}}, 'container "root": tmp = "/"'),
        "up": ({"scratch": {"tmp": "/var/../etc"}}, 'container "up": tmp = "/var/../etc"'),
        "twice": ({"scratch": {"a": "/data", "b": "/data"}}, 'one path twice in "twice" (/data, /data)'),
        "by-name": ({"secrets": {"X": "hokusai/password"}}, 'container "by-name": X'),
        "wildcard": ({"secrets": {"X": f"{PASSWORD_ARN}*"}}, 'container "wildcard": X. (The value is not'),
    },
]


@pytest.mark.parametrize("broken", REFUSED_CONTAINERS, ids=", ".join)
def test_containers_that_are_refused(refuse: Refusal, broken: dict[str, tuple[dict[str, object], str]]) -> None:
    sound = CONTAINER | {"port": None}
    containers = {name: sound | change for name, (change, _) in broken.items()} | {"sound": sound}
    messages = [message for _, message in broken.values()]
    error = refuse(MODULE, INPUTS | {"containers": containers}, messages[0])
    assert [message for message in messages if message not in error] == []
    # No message names the container that has no fault; as a key it stands in the line that Terraform repeats.
    assert '"sound"' not in error.replace('"sound": {', "")


# Each of another input, so that one plan shows all of them.
REFUSED_INPUTS: list[tuple[dict[str, object], str]] = [
    ({"environment": "Staging"}, "environment must be lower-case letters"),
    ({"name": "MLflow"}, 'name is "MLflow": use up to 24 lower-case letters'),
    ({"cpu_architecture": "arm"}, 'cpu_architecture is "arm": Fargate accepts'),
    ({"ephemeral_storage_gib": 20}, "ephemeral_storage_gib is 20: Fargate accepts whole GiB from 21 to 200"),
    ({"subnet_ids": {}}, "subnet_ids is empty"),
    (
        {"cluster": {"name": "other", "arn": f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:cluster/hokusai-staging"}},
        "is not that of the cluster called other",
    ),
    (
        {"roles": {"execution_role_arn": "arn:aws:iam::1:role/a", "task_role_arn": "arn:aws:iam::1:role/a"}},
        "roles: execution_role_arn and task_role_arn are the same role",
    ),
    ({"cpu": 1000}, "cpu is 1000: Fargate accepts 256, 512, 1024, 2048, 4096, 8192 or 16384 units"),
    (container(essential=False), "containers has no essential container"),
]


@pytest.fixture(scope="module")
def refused_inputs(refuse: Refusal) -> str:
    everything_wrong = dict(INPUTS)
    for change, _ in REFUSED_INPUTS:
        everything_wrong |= change
    return refuse(MODULE, everything_wrong, "subnet_ids is empty")


@pytest.mark.parametrize("message", [message for _, message in REFUSED_INPUTS])
def test_inputs_that_are_refused(refused_inputs: str, message: str) -> None:
    assert message in refused_inputs


# Rules between inputs: preconditions, which are all shown together too.
REFUSED_TOGETHER: dict[str, object] = container(health_check=None, cpu=2048, memory=8192) | {
    "discovery": DISCOVERY | {"hostname": "x.hokusai-staging.local"},
    "service": {
        "scaling": {
            "min": 1,
            "max": 2,
            "requests_per_target": {"requests": 9, "load_balancer": "x", "load_balancer_arn_suffix": "app/a/b"},
        },
        "load_balancer": target(container="gateway") | {"auth": target(port=8001)["registry"]},
    },
}


@pytest.fixture(scope="module")
def refused_together(refuse: Refusal) -> str:
    return refuse(MODULE, INPUTS | REFUSED_TOGETHER, "have no health_check")


@pytest.mark.parametrize(
    "message",
    [
        'Containers "mlflow" of service "mlflow" take requests but have no health_check',
        "The containers' cpu (mlflow: 2048) is more than the task's 1024 units",
        "The containers' memory (mlflow: 8192) is more than the task's 4096 MiB",
        "discovery.hostname is x.hokusai-staging.local, which is not among registered_hostnames",
        '"auth" to container "mlflow", port 8001; "registry" to container "gateway", port 5000. '
        'The containers listen on "mlflow" port 5000',
        'counts the requests of load_balancer "x", which is not one of ["auth","registry"]',
    ],
)
def test_what_does_not_fit_together_is_refused(refused_together: str, message: str) -> None:
    assert message in refused_together


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        (
            service(scaling={"min": 3, "max": 2, "cpu_target_percent": 95}, maximum_percent=100),
            [
                "scaling wants whole numbers with 1 <= min <= max; it has min 3 and max 2",
                "cpu_target_percent and memory_target_percent from 10 to 90",
                "maximum_percent is 100 and minimum_healthy_percent 100: give more than 100",
            ],
        ),
        (
            service(
                scaling={"min": 0, "max": 2, "memory_target_percent": 5},
                minimum_healthy_percent=150,
                load_balancer={str(number): target()["registry"] for number in range(6)},
                capacity_providers={"EC2": {"weight": 0}},
            ),
            [
                "it has min 0 and max 2",
                "from 10 to 90",
                "minimum_healthy_percent 150",
                "load_balancer has 6 target groups",
                "give FARGATE, FARGATE_SPOT or both",
            ],
        ),
        (service(capacity_providers={"FARGATE": {"weight": 0}}), ["one weight above 0"]),
        ({"service": None}, ['discovery is set, but service is null: "mlflow" is run as a task']),
    ],
)
def test_services_that_are_refused(refuse: Refusal, change: dict[str, object], messages: list[str]) -> None:
    error = refuse(MODULE, INPUTS | change, messages[0])
    assert [message for message in messages if message not in error] == []
