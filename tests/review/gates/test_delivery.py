"""An approved plan that belongs to something else than what is delivered."""

from dataclasses import replace
from typing import Any

import pytest

from infra.account.selection import Account
from infra.errors import InfraError
from infra.review.delivery import require_made_here
from tests.review.documents import a_record

HEAD = "a" * 40
ACCOUNT = Account("aws", "123456789012", "arn:aws:sts::123456789012:assumed-role/apply/x", "", None, "a test")
RECORD = a_record(
    environment="production",
    account_kind="aws",
    commit=HEAD,
    clean=True,
    state_lineage="lineage",
    state_serial=7,
    created="2026-01-01T00:00:00+00:00",
)


def test_one_of_this_delivery() -> None:
    require_made_here(RECORD, ACCOUNT, HEAD, replace(RECORD, commit="b" * 40, created="2026-01-02T00:00:00+00:00"))


@pytest.mark.parametrize(
    ("different", "message"),
    [
        ({"environment": "staging"}, "another environment"),
        ({"account_kind": "emulated"}, "another account"),
        ({"account_id": "111122223333"}, "another account"),
        ({"account_instance": "two"}, "another account"),
        ({"commit": "b" * 40}, "another commit"),
        ({"commit": None}, "another commit"),
        ({"state_lineage": "other"}, "another state"),
        ({"state_serial": 6}, "another state"),
        ({"created": "2999-01-01T00:00:00+00:00"}, "another age"),
    ],
)
def test_one_of_something_else(different: dict[str, Any], message: str) -> None:
    with pytest.raises(InfraError, match=message):
        require_made_here(replace(RECORD, **different), ACCOUNT, HEAD, RECORD)
