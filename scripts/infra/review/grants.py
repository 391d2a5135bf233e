"""What each resource grants, as (who, may do what, with what, when).

Covers role, user and group policies, trust policies, resource policies (KMS, S3, SNS, SQS, ECR, secrets, logs, VPC
endpoints), attachments, permissions boundaries, public access blocks and security group rules.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.review.marks import parsed
from infra.review.model import Grant, Json
from infra.review.policy_diff import listed, statements

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """A type of resource that grants something.

    Args:
        grants: its values and its address -> what it grants.
        decisive: attributes without which nobody can say what it grants.
    """

    grants: Callable[[Values, str], Iterator[Grant]]
    decisive: tuple[str, ...]


def _identity(kind: str) -> Source:
    """A policy that belongs to a role, user or group."""

    def grants(values: Values, address: str) -> Iterator[Grant]:
        who = f"{kind} {values.get(kind) or f'of {address}'}"
        yield from _document(values.get("policy"), principal=who)

    return Source(grants, ("policy",))


def _policy(values: Values, address: str) -> Iterator[Grant]:
    name = values.get("name") or f"of {address}"
    yield from _document(values.get("policy"), principal=f"whoever has policy {name}")


def _role(values: Values, address: str) -> Iterator[Grant]:
    role = f"role {values.get('name') or f'of {address}'}"
    yield from _document(values.get("assume_role_policy"), resource=role)
    for inline in values.get("inline_policy") or ():
        yield from _document(inline.get("policy"), principal=role)
    for arn in values.get("managed_policy_arns") or ():
        yield Grant("Allow", role, (f"all of policy {arn}",), ("*",))
    if values.get("permissions_boundary"):
        yield Grant("Deny", role, (f"all outside boundary {values['permissions_boundary']}",), ("*",))


def _attachment(kind: str) -> Source:
    def grants(values: Values, address: str) -> Iterator[Grant]:
        who = f"{kind} {values.get(kind) or f'of {address}'}"
        yield Grant("Allow", who, (f"all of policy {values.get('policy_arn') or f'of {address}'}",), ("*",))

    return Source(grants, ("policy_arn",))


def _resource(noun: str, *names: str, attribute: str = "policy") -> Source:
    """A policy of a resource; `*` and no resource at all mean that resource."""

    def grants(values: Values, address: str) -> Iterator[Grant]:
        name = next((values[each] for each in names if values.get(each)), f"of {address}")
        yield from _document(values.get(attribute), resource=f"{noun} {name}")

    return Source(grants, (attribute,))


def _public_access_block(values: Values, address: str) -> Iterator[Grant]:
    bucket = f"bucket {values.get('bucket') or f'of {address}'}"
    for setting in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"):
        if values.get(setting):
            yield Grant("Deny", "the public", (f"what {setting} stops",), (bucket,))


def _lambda_permission(values: Values, address: str) -> Iterator[Grant]:
    conditions = tuple(f"{key} is {values[key]}" for key in ("source_arn", "source_account") if values.get(key))
    function = f"function {values.get('function_name') or f'of {address}'}"
    yield Grant("Allow", str(values.get("principal")), (str(values.get("action")),), (function,), conditions)


def _rule(direction: str) -> Source:
    """A security group rule of its own; the ends that exist only after apply are named by the tags From and To."""

    def grants(values: Values, address: str) -> Iterator[Grant]:
        tags = values.get("tags") or {}
        ours, theirs = ("To", "From") if direction == "ingress" else ("From", "To")
        group = f"security group {values.get('security_group_id') or _tagged(tags, ours, address)}"
        peer = (
            values.get("cidr_ipv4")
            or values.get("cidr_ipv6")
            or values.get("prefix_list_id")
            or f"security group {values.get('referenced_security_group_id') or _tagged(tags, theirs, address)}"
        )
        yield _connection(
            direction, group, peer, values.get("ip_protocol"), values.get("from_port"), values.get("to_port")
        )

    return Source(grants, ("cidr_ipv4", "cidr_ipv6", "ip_protocol", "from_port", "to_port"))


def _old_rule(values: Values, address: str) -> Iterator[Grant]:
    yield from _block(
        values, f"security group {values.get('security_group_id') or f'of {address}'}", str(values.get("type"))
    )


def _security_group(values: Values, address: str) -> Iterator[Grant]:
    group = f"security group {values.get('id') or values.get('name') or f'of {address}'}"
    for direction in ("ingress", "egress"):
        for block in values.get(direction) or ():
            yield from _block(block, group, direction)


def _block(block: Values, group: str, direction: str) -> Iterator[Grant]:
    groups = [block.get("source_security_group_id"), *(block.get("security_groups") or ())]
    peers = [
        *(block.get("cidr_blocks") or ()),
        *(block.get("ipv6_cidr_blocks") or ()),
        *(block.get("prefix_list_ids") or ()),
        *(f"security group {each}" for each in groups if each),
        *([group] if block.get("self") else []),
    ]
    for peer in peers:
        yield _connection(direction, group, peer, block.get("protocol"), block.get("from_port"), block.get("to_port"))


def _connection(  # noqa: PLR0917 - a rule has these six facts
    direction: str, group: str, peer: str, protocol: Json, first: Json, last: Json
) -> Grant:
    who, target = (peer, group) if direction == "ingress" else (group, peer)
    ports = "" if first is None or (first, last) == (0, 65535) else f" {first}" if first == last else f" {first}-{last}"
    what = "all traffic" if str(protocol) in ("-1", "all") else f"{protocol}{ports}"
    return Grant("Allow", who, (f"{'connect by' if direction == 'ingress' else 'connect out by'} {what}",), (target,))


def _tagged(tags: Values, end: str, address: str) -> str:
    return f"tagged {tags[end]}" if tags.get(end) else f"of {address}"


def _document(text: Json, principal: str = "", resource: str = "") -> Iterator[Grant]:
    """The grants of a policy document, each with one principal."""
    document = parsed(text) if isinstance(text, str) else text
    for statement in statements(document):
        actions = tuple(
            [str(each) for each in listed(statement.get("Action", []))]
            + [f"not {each}" for each in listed(statement.get("NotAction", []))]
        )
        resources = tuple(
            [resource if resource and each == "*" else str(each) for each in listed(statement.get("Resource", []))]
            + [f"not {each}" for each in listed(statement.get("NotResource", []))]
        ) or (resource,)
        for who in [principal] if principal else _principals(statement):
            effect = "Deny" if statement.get("Effect") == "Deny" else "Allow"
            yield Grant("Deny" if effect == "Deny" else "Allow", who, actions, resources, _conditions(statement))


def _principals(statement: Values) -> Iterator[str]:
    for element, sign in (("Principal", ""), ("NotPrincipal", "not ")):
        value = statement.get(element)
        if value is None:
            continue
        for kind, names in value.items() if isinstance(value, dict) else [("", value)]:
            label = {"Service": "service ", "Federated": "identity of ", "AWS": "", "": ""}.get(kind, f"{kind} ")
            yield from (f"{sign}{label}{name}" for name in listed(names))


def _conditions(statement: Values) -> tuple[str, ...]:
    block = statement.get("Condition")
    if not isinstance(block, dict):
        return ()
    found = []
    for operator, keys in block.items():
        for key, wanted in keys.items() if isinstance(keys, dict) else [("", keys)]:
            values = sorted(each if isinstance(each, str) else json.dumps(each) for each in listed(wanted))
            found.append(f"{key} {operator} {', '.join(values)}")
    return tuple(sorted(found))


SOURCES: Final[Mapping[str, Source]] = {
    "aws_cloudwatch_log_resource_policy": _resource("logs", "policy_name", attribute="policy_document"),
    "aws_default_security_group": Source(_security_group, ("ingress", "egress")),
    "aws_ecr_repository_policy": _resource("repository", "repository"),
    "aws_iam_group_policy": _identity("group"),
    "aws_iam_group_policy_attachment": _attachment("group"),
    "aws_iam_policy": Source(_policy, ("policy",)),
    "aws_iam_role": Source(
        _role, ("assume_role_policy", "inline_policy", "managed_policy_arns", "permissions_boundary")
    ),
    "aws_iam_role_policy": _identity("role"),
    "aws_iam_role_policy_attachment": _attachment("role"),
    "aws_iam_user_policy": _identity("user"),
    "aws_iam_user_policy_attachment": _attachment("user"),
    "aws_kms_key": _resource("key", "key_id", "description"),
    "aws_kms_key_policy": _resource("key", "key_id"),
    "aws_lambda_permission": Source(_lambda_permission, ("principal", "action", "source_arn", "source_account")),
    "aws_s3_bucket_policy": _resource("bucket", "bucket"),
    "aws_s3_bucket_public_access_block": Source(
        _public_access_block,
        ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"),
    ),
    "aws_secretsmanager_secret_policy": _resource("secret", "secret_arn"),
    "aws_security_group": Source(_security_group, ("ingress", "egress")),
    "aws_security_group_rule": Source(
        _old_rule, ("cidr_blocks", "ipv6_cidr_blocks", "protocol", "from_port", "to_port")
    ),
    "aws_sns_topic_policy": _resource("topic", "arn"),
    "aws_sqs_queue_policy": _resource("queue", "queue_url"),
    "aws_vpc_endpoint": _resource("endpoint", "id", "service_name"),
    "aws_vpc_security_group_egress_rule": _rule("egress"),
    "aws_vpc_security_group_ingress_rule": _rule("ingress"),
}
