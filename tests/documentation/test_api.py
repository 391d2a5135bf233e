"""docs/api.md is what MLflow serves and the gateway lets through, and holds what a standard client calls."""

import re

import pytest
import yaml

from infra.documentation.api import DOCUMENT, api_document
from infra.repository import ROOT

CALLS = yaml.safe_load((ROOT / "tests/services/registration/calls.yaml").read_text())


def test_document_is_what_the_code_says() -> None:
    assert DOCUMENT.read_text() == api_document(), "Run `make docs` and commit the result"


@pytest.mark.parametrize("call", CALLS)
def test_every_call_of_a_client_is_documented(call: str) -> None:
    routes = re.findall(r"^\| `([A-Z]+ /[^`]*)` \| `mlflow:", DOCUMENT.read_text(), re.MULTILINE)
    patterns = [re.sub(r"\\\{\w+\\\}", r".+", re.escape(route)) for route in routes]
    assert any(re.fullmatch(pattern, call) for pattern in patterns)
