"""Credentials of another account end the run before anything is read: the provider names its accounts."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.policies.iam.documents import listed
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan

_ACCOUNT = re.compile(r"\d{12}")


def _check(plan: Plan) -> Iterator[Violation]:
    providers = plan.document.get("configuration", {}).get("provider_config", {})
    used = [each for each in providers.values() if each.get("name") == "aws" and not each.get("module_address")]
    if not used and any(resource.type.startswith("aws_") for resource in plan.resources.values()):
        yield Violation("provider aws", "it is not configured, so it touches whatever account the credentials are of")
    for provider in used:
        where = f"provider aws.{provider['alias']}" if provider.get("alias") else "provider aws"
        guard = (provider.get("expressions") or {}).get("allowed_account_ids")
        if guard is None:
            yield Violation(where, "has no allowed_account_ids")
        elif not _names_accounts(plan, guard):
            yield Violation(where, "allowed_account_ids names no account of twelve digits")


def _names_accounts(plan: Plan, expression: Mapping[str, Any]) -> bool:
    if "constant_value" in expression:
        return _accounts(expression["constant_value"])
    variables = [each for each in expression.get("references", []) if each.startswith("var.")]
    values = [plan.document.get("variables", {}).get(each.split(".")[1], {}).get("value") for each in variables]
    # What comes from a local or a data source is in no plan: only that it is set can be seen.
    return all(_accounts(value) for value in values) if values else bool(expression.get("references"))


def _accounts(value: object) -> bool:
    accounts = listed(value)
    return bool(accounts) and all(_ACCOUNT.fullmatch(str(each)) for each in accounts)


POLICY = Policy(
    id="HOK_ACCOUNT",
    title="The provider is bound to its account",
    severity=Severity.HIGH,
    remedy='Write allowed_account_ids = [var.account_id] into every provider "aws" block.',
    check=_check,
)
