"""Bucket, key and role belong together: who may touch a bucket's objects may use the bucket's key.

And a program writes where its role may write.

A role without the key gets AccessDenied at the first upload; a role with another bucket's key got too much.
"""

import re
from collections.abc import Iterator

from infra.policies.containers import containers
from infra.policies.iam.documents import Found, Statement, held, listed
from infra.policies.iam.evaluation import like
from infra.policies.iam.permissions import condition_keys, permitting
from infra.policies.origins import origins
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan, Resource

_NEEDED = {"s3:PutObject": "kms:GenerateDataKey", "s3:GetObject": "kms:Decrypt"}
_PLACE = re.compile(r"s3://([a-z0-9.-]{3,63})(?:/([^\s\"']*))?")


def _check(plan: Plan) -> Iterator[Violation]:
    identities = held(plan)
    for settings in plan.of_type("aws_s3_bucket_server_side_encryption_configuration"):
        keys = _keys(plan, settings)
        bucket = str(settings.values.get("bucket") or "")
        for holder, policies in identities.items() if keys and bucket else ():
            yield from _without_key(holder, policies, bucket, keys)
    buckets = {str(each.values.get("bucket")) for each in plan.of_type("aws_s3_bucket")}
    for container in containers(plan):
        role = str(container.task.values.get("task_role_arn") or "").rpartition("/")[2]
        texts = [*container.environment.values(), container.command]
        for bucket, prefix in {place for text in texts for place in _PLACE.findall(text)}:
            target = f"arn:aws:s3:::{bucket}/{prefix.rstrip('/')}/x".replace("//", "/")
            where = f"container {container.name}"
            if bucket not in buckets:
                yield Violation(container.task.address, f"{where} uses the bucket {bucket}, which is not in this plan")
            elif role and not any(
                _about(each, target) for each in permitting(identities.get(f"role {role}", []), "s3:PutObject")
            ):
                yield Violation(
                    container.task.address, f"{where} writes to s3://{bucket}/{prefix}, which its role {role} may not"
                )


def _without_key(holder: str, policies: list[Found], bucket: str, keys: set[str]) -> Iterator[Violation]:
    for action, needed in _NEEDED.items():
        statements = permitting(policies, action)
        if not any(_names(each, bucket) for each in statements):
            continue
        if not any(_opens(each, keys) for each in permitting(policies, needed)):
            message = f"{holder} may {action} in {bucket}, but not {needed} with its key ({', '.join(sorted(keys))})"
            yield Violation(policies[0].resource.address, message)


def _keys(plan: Plan, settings: Resource) -> set[str]:
    """The bucket's key: its ARN or ID where it is known, and its aliases; empty when it has none of its own."""
    given = {
        str(default.get("kms_master_key_id") or "")
        for rule in listed(settings.values.get("rule"))
        for default in listed(rule.get("apply_server_side_encryption_by_default"))
        if default.get("sse_algorithm") in ("aws:kms", "aws:kms:dsse")
    }
    if not given:
        return given
    if given != {""}:
        # Once it is applied, the key is known; a policy may still name it by its alias.
        return given | {
            str(alias.values.get("name"))
            for alias in plan.of_type("aws_kms_alias")
            if {str(alias.values.get(name)) for name in ("target_key_arn", "target_key_id")} & given
        }
    made_from = origins(plan, settings, "rule", "apply_server_side_encryption_by_default", "kms_master_key_id")
    made_from = {each for each in made_from if ".aws_kms_key." in f".{each}"}
    aliases = [alias for alias in plan.of_type("aws_kms_alias") if origins(plan, alias, "target_key_id") & made_from]
    # Instances of one module look alike in the configuration; the alias of the same instance is the bucket's.
    own = [alias for alias in aliases if alias.module == settings.module] or aliases
    return {str(alias.values.get("name")) for alias in own}


def _opens(statement: Statement, keys: set[str]) -> bool:
    targets = [str(each) for each in listed(statement.get("Resource"))]
    if any(key in keys for key in targets):
        return True
    aliases = [
        value for _, key, values in condition_keys(statement) if key == "kms:resourcealiases" for value in values
    ]
    arns = [key for key in keys if key.startswith("arn:")]
    reached = any(like(arn, target) for arn in arns for target in targets)
    if aliases:
        return (reached or not arns) and any(like(key, str(alias)) for key in keys for alias in aliases)
    return reached


def _names(statement: Statement, bucket: str) -> bool:
    """Whether a statement is about objects of just this bucket, by its name."""
    return any(str(each).startswith(f"arn:aws:s3:::{bucket}/") for each in listed(statement.get("Resource")))


def _about(statement: Statement, target: str) -> bool:
    return any(like(target, str(each)) for each in listed(statement.get("Resource")))


POLICY = Policy(
    id="HOK_BUCKET",
    title="Bucket, key and role belong together",
    severity=Severity.HIGH,
    remedy="Permit kms:GenerateDataKey and kms:Decrypt with the bucket's own key (kms:ResourceAliases).",
    check=_check,
)
