"""docs/troubleshooting.md quotes what the services and the commands really say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.repository import ROOT

TEXT = (ROOT / "docs" / "troubleshooting.md").read_text()
CLIENTS, COMMANDS = TEXT.split("\n# The commands\n")
SOURCES = "\n".join(
    path.read_text() for path in [*sorted((ROOT / "services").rglob("*.py")), ROOT / "modules/alb/listeners.tf"]
)
QUOTED = re.findall(r"^\| (?:40\d|413|429|50\d) `([^`{]+)`", CLIENTS, re.MULTILINE)
SETTINGS = sorted(set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", CLIENTS)) - {"RESOURCE_DOES_NOT_EXIST"})
SAID = [
    message
    for row in re.findall(r"^\| (`.*?) \| ", COMMANDS, re.MULTILINE)
    for message in re.findall(r"`([^`]+)`", row)
    if not message.startswith("make ")
]
# What stands for a value in a message that was put together.
_VALUE = "\0"
# Messages that a person meets first: whoever rewords one has to see what is written about it.
COMMON = (
    "is no environment",
    "is not complete",
    "is not valid HCL",
    "The AWS credentials are for account",
    "boto3 finds no AWS credentials",
    "The state bucket of",
    "is locked by someone else",
    "is in use here by",
    "could not save its state",
    "There is no saved plan",
    "The saved plan is stale",
    "is not what would be planned now",
    "is unknown",
    "is not empty",
    "is protected from deletion",
    "is too old",
    "No AWS provider",
)


def in_code(message: str) -> bool:
    """Whether the code has the message: strings may be cut by lines, and hold values in braces."""
    joined = re.sub(r'"\s*\n\s*f?"', "", SOURCES)
    words = re.escape(message.rstrip(" …")).replace(r"ml\-platform", r"\{LEGACY_SERVICE_ID\}")
    words = words.replace(r"The\ path\ holds\ ", "")
    words = words.replace(r"mlflow:write", r"\{needed\}").replace("128", r"\{running\}")
    return re.search(words, joined) is not None


def test_it_quotes_messages() -> None:
    assert len(QUOTED) > 15


@pytest.mark.parametrize("message", QUOTED)
def test_quoted_message_is_said(message: str) -> None:
    assert in_code(message)


@pytest.mark.parametrize("setting", [name for name in SETTINGS if not name.startswith("MLFLOW_")])
def test_named_setting_exists(setting: str) -> None:
    assert setting.lower() in SOURCES or setting in SOURCES


def texts(file: Path) -> Iterator[str]:
    """Every text in a file, as one string where it is put together; its values are marks."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
            yield whole(node)


def whole(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(whole(value) for value in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return whole(node.left) + whole(node.right)
    return _VALUE


@pytest.fixture(scope="module")
def said() -> str:
    """All texts of the tooling."""
    return "\n".join(text for file in sorted((ROOT / "scripts").rglob("*.py")) for text in texts(file))


def pattern(message: str) -> str:
    """A message as in the page: `…` stands for values and whatever follows them."""
    return ".*?".join(re.escape(part.strip()) for part in message.split("…"))


@pytest.mark.parametrize("message", SAID)
def test_quoted_message_of_a_command_is_said(message: str, said: str) -> None:
    assert re.search(pattern(message), said)


@pytest.mark.parametrize("message", COMMON)
def test_common_message_is_explained(message: str, said: str) -> None:
    assert message in said, "the code says it in other words: mend the list, and the page"
    assert message in COMMANDS


def test_it_quotes_messages_of_commands() -> None:
    assert len(SAID) > 30
