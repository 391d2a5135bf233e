"""A small state for what reads one."""

import pytest

from infra.preflight.origins import Instance, Origins
from tests.preflight.samples import GROUP, LISTENER, REGISTRY, REGISTRY_RULE, ROLE


@pytest.fixture
def origins() -> Origins:
    """The resources of a small state."""
    role = "module.task_roles.aws_iam_role"
    condition = [{"host_header": [{"values": ["registry.staging.hokus.ai"]}]}]
    rule = {
        "arn": REGISTRY_RULE,
        "id": REGISTRY_RULE,
        "listener_arn": LISTENER,
        "priority": 100,
        "condition": condition,
    }
    task_role = {"arn": ROLE, "id": ROLE.rpartition("/")[2], "name": ROLE.rpartition("/")[2]}
    policy = {"id": "x:program", "name": "program", "role": task_role["name"], "policy": "{}"}
    bucket = {"arn": "arn:aws:s3:::b", "id": "b", "bucket": "b"}
    versioning = {"id": "b", "bucket": "b", "versioning_configuration": []}
    definition = {"arn": "arn:aws:ecs:us-east-1:1:task-definition/hokusai-gateway-staging:3", "id": "f"}
    definition["container_definitions"] = (
        '[{"name": "gateway", "command": ["serve"], "environment": [{"name": "AUTH_SERVICE_ID", "value": "wrong"}],'
        ' "secrets": [{"name": "PASSWORD", "valueFrom": "arn:aws:ssm:us-east-1:1:parameter/p"}]}]'
    )
    definition["arn_without_revision"] = definition["arn"].rpartition(":")[0]
    stack = "module.artifact_bucket.module.bucket"
    return Origins(
        [
            Instance(REGISTRY, "aws_lb_listener_rule", rule),
            Instance('module.alb_rules.aws_lb_target_group.this["registry"]', "aws_lb_target_group", {"arn": GROUP}),
            Instance(f'{role}.task["gateway"]', "aws_iam_role", task_role),
            Instance(f'{role}_policy.task["gateway"]', "aws_iam_role_policy", policy),
            Instance(f"{stack}.aws_s3_bucket_versioning.this", "aws_s3_bucket_versioning", versioning),
            Instance(f"{stack}.aws_s3_bucket.this", "aws_s3_bucket", bucket),
            Instance('module.task["gateway"].aws_ecs_task_definition.this', "aws_ecs_task_definition", definition),
        ]
    )
