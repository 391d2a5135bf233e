"""Finding the policy documents of a plan, who holds them, what parliament says of them."""

import json

import pytest

from infra.policies.fixtures import plan_of
from infra.policies.iam.documents import documents, held
from infra.policies.iam.lint import Document, judge_lint, to_lint
from infra.policies.scanner import Scan

_READ = {
    "json": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
}


def test_a_document_is_found_wherever_it_stands() -> None:
    plan = plan_of(
        {
            "aws_iam_role.task": {
                "name": "task",
                "assume_role_policy": _READ,
                "inline_policy": [{"policy": json.dumps({})}],
            },
            "aws_opensearch_domain.search": {"access_policies": _READ},
            "aws_something_new.of_next_year": {"rules": _READ},
            "aws_cloudwatch_dashboard.text": {"dashboard_body": '{"widgets": []}'},
            "aws_s3_bucket.computed": {"bucket": "b"},
        }
    )
    found = {(each.resource.address, each.attribute): (each.kind, each.statements is None) for each in documents(plan)}
    assert found == {
        ("aws_iam_role.task", "assume_role_policy"): ("trust", False),
        ("aws_iam_role.task", "inline_policy"): ("identity", True),
        ("aws_opensearch_domain.search", "access_policies"): ("resource", False),
        ("aws_something_new.of_next_year", "rules"): ("resource", False),
    }


def test_policies_of_one_role_are_judged_together() -> None:
    plan = plan_of(
        {
            "aws_iam_role_policy.a": {"role": "task", "policy": _READ},
            "aws_iam_policy.b": {"name": "b", "policy": _READ},
            "aws_iam_policy.nobodys": {"name": "nobodys", "policy": _READ},
            "aws_iam_role_policy_attachment.b": {
                "role": "task",
                "policy_arn": {"unknown": ["aws_iam_policy.b.arn", "aws_iam_policy.b"]},
            },
        }
    )
    together = {holder: sorted(each.resource.address for each in found) for holder, found in held(plan).items()}
    assert together == {
        "role task": ["aws_iam_policy.b", "aws_iam_role_policy.a"],
        "policy nobodys": ["aws_iam_policy.nobodys"],
    }


def _text(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def test_parliament(good_scan: Scan) -> None:
    """Real mistakes are found; what parliament is wrong about is not, and only that."""
    mistakes = {
        "unknown action": ("UNKNOWN_ACTION", "identity", _text(Action="s3:GetObjekt", Resource="arn:aws:s3:::b/*")),
        "star": ("RESOURCE_STAR", "identity", _text(Action="s3:GetObject", Resource="*")),
        "mismatch": ("RESOURCE_MISMATCH", "identity", _text(Action="s3:GetObject", Resource="arn:aws:s3:::b")),
        "key": (
            "UNKNOWN_CONDITION_FOR_ACTION",
            "identity",
            _text(Action="s3:GetObject", Resource="arn:aws:s3:::b/*", Condition={"StringEquals": {"s3:nope": "x"}}),
        ),
        "malformed": ("MALFORMED", "identity", _text(Action="s3:GetObject")),
        "elements": ("MALFORMED", "trust", _text(Action="sts:AssumeRole", Principal="*", Nonsense="x")),
    }
    right = {
        "trust": ("trust", _text(Action="sts:AssumeRole", Principal={"Service": "ecs-tasks.amazonaws.com"})),
        "key policy": (
            "resource",
            _text(Action="kms:*", Principal={"AWS": "arn:aws:iam::123456789012:root"}, Resource="*"),
        ),
        "alias": (
            "identity",
            _text(
                Action="kms:Decrypt",
                Resource="arn:aws:kms:us-east-1:123456789012:key/*",
                Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/x"}},
            ),
        ),
    }
    asked = [Document(name, kind, text) for name, (_, kind, text) in mistakes.items()]  # type: ignore[arg-type]
    asked += [Document(name, kind, text) for name, (kind, text) in right.items()]  # type: ignore[arg-type]
    found = {finding.where: finding.rule for finding in good_scan.lint(asked)}
    assert found == {name: f"HOK_LINT_{issue}" for name, (issue, _, _) in mistakes.items()}


def test_an_answer_for_too_few_documents_is_no_answer() -> None:
    plan = plan_of({"aws_iam_role_policy.a": {"role": "task", "policy": _READ}})
    [finding] = judge_lint({"errors": [], "documents": []}, to_lint(documents(plan)))
    assert finding.rule == "HOK_SCAN_COVERAGE"


@pytest.mark.parametrize("message", ["parliament crashed"])
def test_an_error_of_parliament_is_a_finding(message: str) -> None:
    [finding] = judge_lint({"errors": [message]}, [])
    assert (finding.rule, finding.message) == ("HOK_SCAN_ERROR", message)
