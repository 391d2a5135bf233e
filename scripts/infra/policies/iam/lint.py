"""What parliament says about the policy documents of a plan, without what it is wrong about."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.policies.iam.documents import Found, Kind
from infra.policies.outcome import not_judged
from infra.review.model import Finding, Severity

_SEVERITY = {
    "MALFORMED": Severity.HIGH,
    "MALFORMED_JSON": Severity.HIGH,
    "RESOURCE_STAR": Severity.HIGH,
    "UNKNOWN_ACTION": Severity.HIGH,
    "RESOURCE_MISMATCH": Severity.MEDIUM,
}
_TITLES = {
    "MALFORMED": "A policy is not what IAM accepts",
    "MISMATCHED_TYPE": "A condition compares with a value of another type",
    "RESOURCE_MISMATCH": "An action is permitted on a resource that it cannot be about",
    "RESOURCE_STAR": "An action is permitted on every resource",
    "UNKNOWN_ACTION": "A policy names an action that AWS does not have",
    "UNKNOWN_CONDITION_FOR_ACTION": "A condition is about a key that the action does not have",
}


@dataclass(frozen=True)
class Document:
    """A policy document to lint.

    Args:
        where: address of its resource.
        kind: identity, trust or resource.
        text: the document.
    """

    where: str
    kind: Kind
    text: str


@dataclass(frozen=True)
class _Wrong:
    """Something that parliament 1.6.4 says and that is not so.

    Args:
        issue: its ID there.
        about: whether a finding is of this sort.
        because: why it is not so.
    """

    issue: str
    about: Callable[[Document, str], bool]
    because: str


_WRONG = (
    _Wrong(
        "MALFORMED",
        lambda document, detail: document.kind == "trust" and "neither Resource nor NotResource" in detail,
        "a trust policy is about the role that it stands in and has no resource",
    ),
    _Wrong(
        "RESOURCE_STAR",
        lambda document, _: document.kind == "resource",
        "in the policy of a resource * is that resource",
    ),
    _Wrong(
        "UNKNOWN_CONDITION_FOR_ACTION",
        lambda _, detail: "kms:ResourceAliases" in detail,
        "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases",
    ),
    _Wrong(
        "UNKNOWN_CONDITION_FOR_ACTION",
        lambda _, detail: "kms:EncryptionContext:" in detail,
        "the context's name is part of the key; AWS's own example allows DescribeKey, which has none, with it: "
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    ),
    _Wrong(
        "MISMATCHED_TYPE",
        lambda _, detail: "ArnLike requires a value of type Arn but given String" in detail,
        "the same example compares kms:EncryptionContext:aws:logs:arn with ArnLike",
    ),
    _Wrong(
        "MISMATCHED_TYPE",
        lambda _, detail: "s3:TlsVersion requires a value of type Numeric but given ['1.2']" in detail,
        "it takes a list of numbers for a list; IAM accepts numbers as text",
    ),
    _Wrong(
        "UNKNOWN_CONDITION_FOR_ACTION",
        lambda _, detail: "s3:TlsVersion" in detail,
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html: for every action of S3",
    ),
    _Wrong(
        "RESOURCE_MISMATCH",
        lambda _, detail: "logs:DescribeLogGroups" in detail and detail.count('"action"') == 1,
        "AWS evaluates it on log-group:* of the account, as its own refusals say",
    ),
)


def to_lint(found: Iterable[Found]) -> list[Document]:
    """The documents that can be linted.

    Args:
        found: the plan's documents; those without statements have a finding of their own.

    Returns:
        Their text.
    """
    return [Document(each.resource.address, each.kind, each.text) for each in found if each.statements is not None]


def judge_lint(answer: Mapping[str, Any], documents: Sequence[Document]) -> list[Finding]:
    """The findings in policy documents.

    Args:
        answer: of the request `lint`.
        documents: what was asked, in that order.

    Returns:
        A finding for each issue that is one.
    """
    problems = [
        not_judged("ERROR", "parliament", message, "Mend it; nothing was linted.") for message in answer["errors"]
    ]
    issues = answer.get("documents", [])
    if not problems and len(issues) != len(documents):
        message = f"parliament answered for {len(issues)} of {len(documents)} documents"
        problems.append(not_judged("COVERAGE", "parliament", message, "Nothing was linted."))
    return problems + [
        Finding(
            rule=f"HOK_LINT_{issue['issue']}",
            title=_TITLES.get(issue["issue"], "A policy has a mistake"),
            where=document.where,
            severity=_SEVERITY.get(issue["issue"], Severity.LOW),
            message=_text(issue["detail"]),
            remedy="Correct the statement; https://github.com/duo-labs/parliament explains each issue.",
            source="iam",
        )
        for document, found in zip(documents, issues, strict=False)
        for issue in found
        if not any(wrong.issue == issue["issue"] and wrong.about(document, issue["detail"]) for wrong in _WRONG)
    ]


def _text(detail: str) -> str:
    value = json.loads(detail)
    if isinstance(value, list):
        names = [str(each["action"] if isinstance(each, dict) and "action" in each else each) for each in value]
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        return ", ".join(names[:5]) + more
    return str(value)
