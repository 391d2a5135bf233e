"""A secret comes from SSM or Secrets Manager: an environment stands in plan, state and console."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from infra.policies.containers import Container, containers
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan

_NAME = re.compile(
    r"(^|_)(PASSWORD|PASSWD|PWD|SECRETS?|(SECRET|PRIVATE|API|ACCESS)_KEY|ACCESS_KEY_ID|TOKEN|APIKEY|CREDENTIALS?)$"
)
# Shapes of credentials, whatever the variable is called: AWS keys, private keys, tokens of GitHub and Slack, JWT.
_VALUE = re.compile(
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[pousr]_[A-Za-z0-9]{36}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10}|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."
)


def _check(plan: Plan) -> Iterator[Violation]:
    for container in containers(plan):
        for name, value in container.environment.items():
            # The message never holds the value.
            if value and _NAME.search(name.upper()):
                yield _violation(container, f"{name} is a secret by its name")
            elif _VALUE.search(value) or _has_password(value):
                yield _violation(container, f"the value of {name} holds a credential")
        if _VALUE.search(container.command) or any(
            _has_password(word) for word in re.split(r"[\s=]", container.command)
        ):
            yield _violation(container, "its command holds a credential")


def _violation(container: Container, what: str) -> Violation:
    return Violation(container.task.address, f"container {container.name}: {what}")


def _has_password(value: str) -> bool:
    try:
        return "://" in value and bool(urlsplit(value).password)
    except ValueError:
        return False


POLICY = Policy(
    id="HOK_SECRET",
    title="No secret stands in an environment",
    severity=Severity.CRITICAL,
    remedy="Name it under `secrets`, from an SSM SecureString or Secrets Manager; then change the value that leaked.",
    check=_check,
)
