"""A call that is denied says which permission it took; nothing is asked that is not written down."""

import re

import botocore.session
import pytest
from botocore.stub import Stubber

from infra.errors import InfraError
from infra.release.drift.reader import CALLS, Reader
from infra.repository import ROOT


def refusing(operation: str, code: str, message: str) -> Reader:
    client = botocore.session.Session().create_client(
        "elbv2",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",  # noqa: S106 - opens nothing
    )
    stub = Stubber(client)
    stub.add_client_error(operation, code, message)
    stub.activate()
    return Reader(lambda _: client)


@pytest.mark.parametrize("code", ["AccessDenied", "UnauthorizedOperation"])
def test_a_denial_names_the_permission(code: str) -> None:
    reader = refusing("describe_rules", code, "you may not")
    with pytest.raises(
        InfraError, match=r"elasticloadbalancing:DescribeRules is denied: .*you may not.*make bootstrap"
    ):
        reader.pages("elbv2", "describe_rules", "Rules", ListenerArn="arn")


def test_any_other_failure_is_one_too() -> None:
    reader = refusing("describe_rules", "ServiceUnavailable", "later")
    with pytest.raises(InfraError, match=r"elbv2 did not answer describe_rules .*later.*Run it again"):
        reader.call("elbv2", "describe_rules", ListenerArn="arn")


def test_a_call_that_is_not_written_down_is_not_made() -> None:
    with pytest.raises(KeyError, match="permissions"):
        refusing("describe_rules", "X", "").call("elbv2", "delete_rule", RuleArn="arn")


def test_every_call_exists_and_only_reads() -> None:
    session = botocore.session.Session()
    for service, operation in CALLS:
        assert operation.startswith(("describe_", "get_", "list_")), operation
        model = session.get_service_model(service)
        names = {name.lower() for name in model.operation_names}
        assert operation.replace("_", "") in names, f"{service} has no {operation}"


def test_every_permission_stands_in_the_document() -> None:
    text = (ROOT / "docs" / "drift.md").read_text()
    written = set(re.findall(r"`([a-z0-9-]+:[A-Z]\w+)`", text))
    assert written - {"s3:GetObject", "s3:ListBucket"} == set(CALLS.values())
