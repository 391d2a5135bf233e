"""Paths and names through MLflow's own functions, imported in MLflow's environment, and through the lane's."""

import json
import random
import subprocess
import unicodedata
from typing import Any

import pytest

from gateway.artifacts.media import download_headers
from gateway.artifacts.paths import safe_path
from gateway.errors import GatewayError
from infra.tool_environment import service_environment

_SCRIPT = """
import json, sys
from mlflow.exceptions import MlflowException
from mlflow.server.handlers import _content_disposition_attachment
from mlflow.utils.mime_type_utils import _guess_mime_type
from mlflow.utils.uri import validate_path_is_safe

def path(text):
    try:
        return validate_path_is_safe(text)
    except (MlflowException, ValueError):
        return None

asked = json.load(sys.stdin)
print(json.dumps({
    "paths": [path(text) for text in asked["paths"]],
    "names": [[_guess_mime_type(name), _content_disposition_attachment(name)] for name in asked["names"]],
}))
"""
_PIECES = [
    "..",
    ".",
    "/",
    "//",
    "\\",
    "%",
    "%2e",
    "%2F",
    "%252e",
    "%25",
    "%00",
    "%0a",
    "%7f",
    "#",
    "?",
    ";",
    ":",
    "&",
    "=",
    "+",
]
_PIECES += [
    " ",
    "\t",
    "file:",
    "FILE:",
    "s3://",
    "http://h",
    "C:",
    "c:/",
    "[",
    "]",
    "@",
    "é",
    "日",
    "\x85",
    "\u2028",
    "\uff41",
    "a",
    "b1",
    "~",
]
_EXTENSIONS = [
    "txt",
    "json",
    "YAML",
    "gz",
    "tar.gz",
    "html",
    "svg",
    "pkl",
    "parquet",
    "MLmodel",
    "",
    "py",
    "png",
    "csv.bz2",
    "é",
]


@pytest.fixture(scope="module")
def asked() -> dict[str, list[str]]:
    chosen = random.Random(4)  # noqa: S311 - names to compare
    paths = ["".join(chosen.choices(_PIECES, k=chosen.randint(1, 7))) for _ in range(6000)]
    stems = [
        "".join(chosen.choices(["a", " ", '"', "\\", "é", "日", ",", "'", "x-y", ".", "(1)"], k=3)) for _ in range(400)
    ]
    return {"paths": paths, "names": [f"{stem}.{chosen.choice(_EXTENSIONS)}" for stem in stems]}


@pytest.fixture(scope="module")
def mlflow(asked: dict[str, list[str]]) -> dict[str, Any]:
    result = subprocess.run(
        [str(service_environment("mlflow")), "-c", _SCRIPT],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def _lane(path: str) -> str | None:
    try:
        return safe_path(path)
    except GatewayError:
        return None


def test_paths_mean_the_same(asked: dict[str, list[str]], mlflow: dict[str, Any]) -> None:
    different = {p: (m, _lane(p)) for p, m in zip(asked["paths"], mlflow["paths"], strict=True) if m != _lane(p)}
    # A file URI without a path is the root to MLflow; the lane refuses every file URI.
    assert set(different.values()) == {("", None)}
    assert 1000 < sum(path is None for path in mlflow["paths"]) < 5000, "both refused and accepted paths are compared"


def test_names_say_the_same(asked: dict[str, list[str]], mlflow: dict[str, Any]) -> None:
    for name, (kind, disposition) in zip(asked["names"], mlflow["names"], strict=True):
        headers = download_headers(name)
        assert (headers["Content-Type"], headers["Content-Disposition"]) == (kind, disposition), name
    assert any(not unicodedata.is_normalized("NFKD", name) for name in asked["names"])
