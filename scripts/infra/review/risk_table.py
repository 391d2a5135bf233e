"""What each type of resource holds, stops, grants and costs, and which of its attributes do more than they seem to.

Durations are estimates that nobody measured here; they are there to tell seconds from hours.
A type that is not here counts as data (risk.py): add it before its changes become everyday ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from infra.review.model import Risk


@dataclass(frozen=True)
class Rule:
    """What a change of one attribute in place brings about.

    Args:
        path: the attribute without list indexes; what is below it counts too.
        risk: class.
        text: consequence, in a sentence without a full stop.
        when: only for differences of this kind: it gets less, gets more, is switched off, becomes zero.
        acknowledge: it must be acknowledged by name.
    """

    path: str
    risk: Risk
    text: str
    when: Literal["any", "less", "more", "off", "zero"] = "any"
    acknowledge: bool = False


@dataclass(frozen=True)
class Kind:
    """A type of resource.

    Args:
        noun: what a person calls it.
        holds: what is lost with it; "" when it holds nothing that Terraform could not make again.
        stops: what no longer works without it, as in "drops every connection to its port".
        gap: how long that lasts when it is deleted first and then made again.
        swap: what is interrupted even when the new one is made first.
        grants: which access it decides about.
        bills: how AWS bills it, for what costs notably more than nothing.
        rules: its attributes.
    """

    noun: str
    holds: str = ""
    stops: str = ""
    gap: str = "a minute"
    swap: str = ""
    grants: str = ""
    bills: str = ""
    rules: tuple[Rule, ...] = ()


# Attributes that change nothing that runs, of any type.
INERT: Final = ("tags", "tags_all", "description", "timeouts")

# What AWS answers after a change in place; "known after apply" of these says nothing.
RESULTS: Final = {
    "arn",
    "arn_without_revision",
    "etag",
    "id",
    "last_modified",
    "last_updated_date",
    "output",
    "revision",
    "version",
    "version_id",
}

_WHO_CONNECTS: Final = "who can connect to what"
_WHO_MAY: Final = "what its principals may do"

_SECURITY_GROUP_RULE: Final = Kind("security group rule", grants=_WHO_CONNECTS)

KINDS: Final[Mapping[str, Kind]] = {
    # What holds data.
    "aws_s3_bucket": Kind(
        "bucket",
        holds="every object and version in it, model artifacts or state included",
        stops="makes every upload and download fail",
        gap="an hour, for which AWS may keep the name taken",
        rules=(Rule("force_destroy", Risk.DATA_LOSS, "deleting the bucket will no longer stop at the objects in it"),),
    ),
    "aws_s3_object": Kind("object", holds="its content, unless the bucket keeps versions"),
    "aws_s3_bucket_versioning": Kind(
        "bucket versioning",
        stops="lets overwritten and deleted objects be lost from now on",
        rules=(
            Rule(
                "versioning_configuration.status",
                Risk.DATA_LOSS,
                "objects that are overwritten or deleted from now on cannot be recovered",
                "off",
            ),
        ),
    ),
    "aws_s3_bucket_lifecycle_configuration": Kind(
        "lifecycle",
        rules=(Rule("rule", Risk.DATA_LOSS, "the lifecycle decides when S3 deletes objects and old versions"),),
    ),
    "aws_s3_bucket_object_lock_configuration": Kind("object lock", holds="the protection of objects from deletion"),
    "aws_s3_bucket_replication_configuration": Kind("replication", stops="leaves new objects without their copy"),
    "aws_s3_bucket_server_side_encryption_configuration": Kind(
        "bucket encryption",
        rules=(Rule("rule", Risk.ACCESS, "new objects are readable by whoever may use the new key"),),
    ),
    "aws_s3_bucket_logging": Kind("access log", stops="records no access to the bucket"),
    "aws_db_instance": Kind(
        "database",
        holds="all experiments, runs and registered models, and its automated backups",
        stops="makes every call to MLflow fail",
        gap="20 minutes",
        bills="by the hour and by the gigabyte",
        rules=(
            Rule(
                "deletion_protection", Risk.DATA_LOSS, "the next deletion of the database is no longer refused", "off"
            ),
            Rule("skip_final_snapshot", Risk.DATA_LOSS, "whether a deletion leaves a last snapshot changes"),
            Rule(
                "backup_retention_period",
                Risk.DATA_LOSS,
                "older automated backups are deleted",
                "less",
                acknowledge=True,
            ),
            Rule("delete_automated_backups", Risk.DATA_LOSS, "what becomes of the backups at deletion changes"),
            Rule("instance_class", Risk.OUTAGE, "the database restarts on another machine, for some minutes"),
            Rule("instance_class", Risk.COST, "the price per hour changes"),
            Rule(
                "engine_version", Risk.OUTAGE, "the database is upgraded and does not answer meanwhile, for 10 minutes"
            ),
            Rule("parameter_group_name", Risk.OUTAGE, "takes effect with a restart of the database"),
            Rule("port", Risk.OUTAGE, "the database restarts and answers on another port"),
            Rule("multi_az", Risk.OUTAGE, "a failure of its zone stops the database", "off"),
            Rule("multi_az", Risk.COST, "the price per hour doubles or halves"),
            Rule("allocated_storage", Risk.COST, "more storage is billed, and it never shrinks", "more"),
            Rule("iops", Risk.COST, "the price of provisioned I/O changes"),
            Rule("vpc_security_group_ids", Risk.ACCESS, "who can connect to the database changes"),
            Rule("publicly_accessible", Risk.ACCESS, "whether the internet can reach the database changes"),
            Rule("iam_database_authentication_enabled", Risk.ACCESS, "how clients log in changes"),
            Rule("password", Risk.OUTAGE, "clients with the old password are refused"),
        ),
    ),
    "aws_db_parameter_group": Kind(
        "parameter group", rules=(Rule("parameter", Risk.OUTAGE, "a static parameter needs a restart of the database"),)
    ),
    "aws_db_subnet_group": Kind("database subnet group", stops="leaves the database without a network"),
    "aws_kms_key": Kind(
        "key",
        holds="the means to read everything that is encrypted with it, after its waiting period",
        stops="makes every use of what it encrypts fail at once",
        bills="a dollar a month and by the request",
        grants="who may use and administer the key",
        rules=(
            Rule("is_enabled", Risk.OUTAGE, "nothing that it encrypts can be read until it is enabled again", "off"),
            Rule("deletion_window_in_days", Risk.DATA_LOSS, "there is less time to take a deletion back", "less"),
            Rule("enable_key_rotation", Risk.PLAIN, "whether AWS rotates the key changes"),
            Rule("rotation_period_in_days", Risk.PLAIN, "how often AWS rotates the key changes"),
        ),
    ),
    "aws_kms_key_policy": Kind("key policy", grants="who may use and administer the key"),
    "aws_kms_grant": Kind("key grant", grants="who may use the key"),
    "aws_kms_alias": Kind("key alias", stops="makes calls that name the key by its alias fail", gap="10 s"),
    "aws_secretsmanager_secret": Kind(
        "secret", holds="the secret, after its waiting period", stops="keeps tasks that need it from starting"
    ),
    "aws_secretsmanager_secret_version": Kind("secret version", holds="this value of the secret"),
    "aws_ssm_parameter": Kind(
        "parameter",
        holds="its value and history",
        stops="keeps tasks that need it from starting",
        gap="10 s",
        rules=(
            Rule("type", Risk.ACCESS, "who can read the value changes"),
            Rule("key_id", Risk.ACCESS, "who can read the value changes"),
        ),
    ),
    "aws_cloudwatch_log_group": Kind(
        "log group",
        holds="every log event in it",
        rules=(
            Rule(
                "retention_in_days",
                Risk.DATA_LOSS,
                "log events older than the new retention are deleted",
                "less",
                acknowledge=True,
            ),
            Rule("kms_key_id", Risk.ACCESS, "who can read new log events changes"),
        ),
    ),
    "aws_ecr_repository": Kind(
        "image repository",
        holds="every image in it",
        stops="keeps tasks from starting and services from scaling",
        rules=(
            Rule("force_delete", Risk.DATA_LOSS, "deleting the repository will no longer stop at the images in it"),
            Rule("image_tag_mutability", Risk.ACCESS, "whether a tag can be moved to another image changes"),
        ),
    ),
    "aws_ecr_lifecycle_policy": Kind(
        "image lifecycle", rules=(Rule("policy", Risk.DATA_LOSS, "the lifecycle decides which images are deleted"),)
    ),
    "aws_dynamodb_table": Kind(
        "table", holds="every item in it", stops="makes every call to it fail", bills="by capacity"
    ),
    "aws_efs_file_system": Kind("file system", holds="every file in it", stops="makes every access to it fail"),
    "aws_ebs_volume": Kind("volume", holds="everything on it"),
    "aws_sqs_queue": Kind("queue", holds="every message in it", stops="makes every send fail"),
    # What serves.
    "aws_lb": Kind(
        "load balancer",
        stops="drops every request to its hosts, and its DNS name changes,",
        gap="5 minutes",
        swap="gives its hosts another address; clients that remember the old one fail for up to a minute",
        bills="by the hour and by traffic",
        rules=(
            Rule(
                "enable_deletion_protection",
                Risk.OUTAGE,
                "the next deletion of the load balancer is no longer refused",
                "off",
            ),
            Rule("security_groups", Risk.ACCESS, "who can connect to the load balancer changes"),
            Rule("subnets", Risk.OUTAGE, "requests to the zones that go are dropped"),
            Rule(
                "idle_timeout",
                Risk.OUTAGE,
                "long requests are cut earlier, and keep-alive of the targets may be shorter",
                "less",
            ),
            Rule("access_logs", Risk.PLAIN, "where requests are recorded changes"),
        ),
    ),
    "aws_lb_listener": Kind(
        "listener",
        stops="drops every connection to its port, with all its rules,",
        gap="a minute",
        rules=(
            Rule("default_action", Risk.OUTAGE, "requests that match no rule go elsewhere"),
            Rule("certificate_arn", Risk.OUTAGE, "clients that do not trust the new certificate are refused"),
            Rule("ssl_policy", Risk.OUTAGE, "clients without the protocols of the new policy are refused"),
            Rule("port", Risk.OUTAGE, "clients of the old port are refused"),
            Rule("protocol", Risk.OUTAGE, "clients of the old protocol are refused"),
        ),
    ),
    "aws_lb_listener_rule": Kind(
        "listener rule",
        stops="sends its requests to the next rule that matches",
        gap="10 s",
        rules=(
            Rule("action", Risk.OUTAGE, "its requests go elsewhere at once"),
            Rule("condition", Risk.OUTAGE, "other requests match it at once"),
            Rule("priority", Risk.OUTAGE, "it may now come before or after a rule that matches the same requests"),
        ),
    ),
    "aws_lb_target_group": Kind(
        "target group",
        stops="leaves its requests without a target",
        gap="3 minutes, until new targets are healthy",
        swap="leaves its requests without a healthy target until the service has registered in the new one",
        rules=(
            Rule("health_check", Risk.OUTAGE, "targets that fail the new health check get no requests"),
            Rule("deregistration_delay", Risk.OUTAGE, "requests under way are cut earlier when a task stops", "less"),
        ),
    ),
    "aws_ecs_service": Kind(
        "service",
        stops="stops all its tasks",
        gap="5 minutes",
        rules=(
            Rule("desired_count", Risk.OUTAGE, "no task is left", "zero"),
            Rule("desired_count", Risk.COST, "more tasks are billed", "more"),
            Rule("load_balancer", Risk.OUTAGE, "its tasks are replaced and registered elsewhere"),
            Rule("service_registries", Risk.OUTAGE, "its tasks are found under another name"),
            Rule("network_configuration.security_groups", Risk.ACCESS, "who can connect to its tasks changes"),
            Rule(
                "network_configuration.assign_public_ip", Risk.ACCESS, "whether its tasks have public addresses changes"
            ),
            Rule("enable_execute_command", Risk.ACCESS, "whether a shell can be opened in its tasks changes"),
            Rule(
                "deployment_minimum_healthy_percent",
                Risk.OUTAGE,
                "a deployment may stop more tasks before new ones run",
                "less",
            ),
            Rule(
                "task_definition",
                Risk.PLAIN,
                "its tasks are replaced one after the other; the circuit breaker takes a bad one back",
            ),
        ),
    ),
    "aws_ecs_task_definition": Kind("task definition"),
    "aws_ecs_cluster": Kind(
        "cluster",
        stops="stops every service in it",
        gap="10 minutes",
        rules=(Rule("configuration", Risk.ACCESS, "how shells in tasks are recorded changes"),),
    ),
    "aws_ecs_cluster_capacity_providers": Kind("capacity providers", stops="leaves services without a place to run"),
    "aws_appautoscaling_target": Kind(
        "scaling target",
        rules=(
            Rule("min_capacity", Risk.OUTAGE, "autoscaling may stop the last task", "zero"),
            Rule("max_capacity", Risk.COST, "more tasks may be billed", "more"),
            Rule("max_capacity", Risk.OUTAGE, "fewer tasks take the peaks", "less"),
        ),
    ),
    "aws_appautoscaling_policy": Kind("scaling policy"),
    "aws_service_discovery_private_dns_namespace": Kind(
        "namespace", stops="makes every service name in it unknown", gap="5 minutes"
    ),
    "aws_service_discovery_service": Kind(
        "discovery service",
        stops="makes its name unknown to its clients",
        gap="2 minutes, until its tasks have registered again",
        rules=(Rule("dns_config", Risk.OUTAGE, "clients may keep an old address for the old time to live"),),
    ),
    "aws_route53_record": Kind(
        "DNS record",
        stops="makes its name unknown",
        gap="the record's time to live",
        rules=(
            Rule("alias", Risk.OUTAGE, "its name leads elsewhere"),
            Rule("records", Risk.OUTAGE, "its name leads elsewhere"),
        ),
    ),
    "aws_route53_zone": Kind(
        "hosted zone",
        holds="every record in it",
        stops="makes every name in it unknown",
        gap="two days, for which name servers are cached",
    ),
    "aws_acm_certificate": Kind("certificate", stops="makes TLS fail", gap="30 minutes, until it is validated"),
    "aws_acm_certificate_validation": Kind("certificate validation"),
    # Network.
    "aws_vpc": Kind("VPC", stops="takes everything in it off the network", gap="an hour"),
    "aws_subnet": Kind("subnet", stops="takes what runs in it off the network", gap="10 minutes"),
    "aws_internet_gateway": Kind("internet gateway", stops="cuts the VPC off the internet"),
    "aws_nat_gateway": Kind(
        "NAT gateway",
        stops="cuts private subnets off the internet",
        gap="3 minutes",
        bills="by the hour and by the gigabyte",
    ),
    "aws_eip": Kind(
        "public address", stops="gives up the address, which outside allow lists may name,", bills="by the hour"
    ),
    "aws_route_table": Kind(
        "route table",
        stops="leaves its subnets without their routes",
        rules=(Rule("route", Risk.OUTAGE, "traffic goes another way"),),
    ),
    "aws_route": Kind(
        "route",
        stops="leaves its destination unreachable",
        gap="10 s",
        rules=(Rule("", Risk.OUTAGE, "traffic goes another way"),),
    ),
    "aws_route_table_association": Kind(
        "route table association", stops="leaves its subnet without its routes", gap="10 s"
    ),
    "aws_vpc_endpoint": Kind(
        "VPC endpoint",
        stops="cuts the VPC off the service, or sends that traffic over the internet,",
        gap="3 minutes",
        bills="by the hour and by the gigabyte where it is an interface",
        rules=(
            Rule("policy", Risk.ACCESS, "what can be done through the endpoint changes"),
            Rule("security_group_ids", Risk.ACCESS, "who can connect to the endpoint changes"),
        ),
    ),
    "aws_flow_log": Kind("flow log", stops="records no traffic"),
    "aws_network_acl": Kind("network ACL", grants=_WHO_CONNECTS),
    "aws_network_acl_rule": Kind("network ACL rule", grants=_WHO_CONNECTS),
    # Who may do what.
    "aws_security_group": Kind("security group", grants=_WHO_CONNECTS),
    "aws_default_security_group": Kind("default security group", grants=_WHO_CONNECTS),
    "aws_security_group_rule": _SECURITY_GROUP_RULE,
    "aws_vpc_security_group_ingress_rule": _SECURITY_GROUP_RULE,
    "aws_vpc_security_group_egress_rule": _SECURITY_GROUP_RULE,
    "aws_iam_role": Kind(
        "role",
        grants="who may take the role and what it may do",
        stops="takes every permission from what runs with it",
        gap="a minute",
        rules=(Rule("max_session_duration", Risk.PLAIN, "sessions end earlier or later"),),
    ),
    "aws_iam_role_policy": Kind("role policy", grants=_WHO_MAY),
    "aws_iam_role_policies_exclusive": Kind("list of role policies", grants=_WHO_MAY),
    "aws_iam_role_policy_attachment": Kind("policy attachment", grants=_WHO_MAY),
    "aws_iam_role_policy_attachments_exclusive": Kind("list of policy attachments", grants=_WHO_MAY),
    "aws_iam_policy": Kind("policy", grants=_WHO_MAY),
    "aws_iam_policy_attachment": Kind("policy attachment", grants=_WHO_MAY),
    "aws_iam_user": Kind("user", grants=_WHO_MAY),
    "aws_iam_user_policy": Kind("user policy", grants=_WHO_MAY),
    "aws_iam_user_policy_attachment": Kind("policy attachment", grants=_WHO_MAY),
    "aws_iam_group": Kind("group", grants=_WHO_MAY),
    "aws_iam_group_policy": Kind("group policy", grants=_WHO_MAY),
    "aws_iam_group_policy_attachment": Kind("policy attachment", grants=_WHO_MAY),
    "aws_iam_access_key": Kind("access key", grants="who can act as its user"),
    "aws_iam_instance_profile": Kind("instance profile", grants=_WHO_MAY),
    "aws_iam_openid_connect_provider": Kind("identity provider", grants="whose tokens AWS accepts"),
    "aws_iam_service_linked_role": Kind("service-linked role", grants=_WHO_MAY),
    "aws_s3_bucket_policy": Kind("bucket policy", grants="who may reach the bucket"),
    "aws_s3_bucket_public_access_block": Kind("public access block", grants="whether the bucket can be public"),
    "aws_s3_bucket_ownership_controls": Kind("ownership rule", grants="whether ACLs of objects count"),
    "aws_s3_bucket_acl": Kind("bucket ACL", grants="who may reach the bucket"),
    "aws_sns_topic_policy": Kind("topic policy", grants="who may publish and subscribe"),
    "aws_sqs_queue_policy": Kind("queue policy", grants="who may send and receive"),
    "aws_ecr_repository_policy": Kind("repository policy", grants="who may pull and push images"),
    "aws_secretsmanager_secret_policy": Kind("secret policy", grants="who may read the secret"),
    "aws_cloudwatch_log_resource_policy": Kind("log policy", grants="who may write logs"),
    "aws_lambda_permission": Kind("function permission", grants="who may call the function"),
    "aws_wafv2_web_acl": Kind("web ACL", grants="which requests are let in"),
    "aws_wafv2_web_acl_association": Kind("web ACL association", grants="which requests are let in"),
    "aws_wafv2_web_acl_logging_configuration": Kind("web ACL log", stops="records no filtered request"),
    # What watches.
    "aws_cloudwatch_metric_alarm": Kind(
        "alarm",
        stops="leaves its trouble unnoticed",
        rules=(Rule("actions_enabled", Risk.OUTAGE, "the alarm tells nobody", "off"),),
    ),
    "aws_cloudwatch_dashboard": Kind("dashboard"),
    "aws_sns_topic": Kind("topic", stops="tells nobody, and its subscriptions go with it,"),
    "aws_sns_topic_subscription": Kind("subscription", stops="tells its address nothing until it confirms again"),
    # What exists only in Terraform.
    "terraform_data": Kind("marker"),
    "null_resource": Kind("marker"),
    "random_id": Kind("random name"),
    "random_string": Kind("random name"),
    "random_pet": Kind("random name"),
    "time_sleep": Kind("pause"),
    "local_file": Kind("local file"),
}
