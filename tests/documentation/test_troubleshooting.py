"""docs/troubleshooting.md quotes what the services really say."""

import re

import pytest

from infra.repository import ROOT

TEXT = (ROOT / "docs" / "troubleshooting.md").read_text()
SOURCES = "\n".join(
    path.read_text() for path in [*sorted((ROOT / "services").rglob("*.py")), ROOT / "modules/alb/listeners.tf"]
)
QUOTED = re.findall(r"^\| (?:40\d|413|429|50\d) `([^`{]+)`", TEXT, re.MULTILINE)
SETTINGS = sorted(set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", TEXT)) - {"RESOURCE_DOES_NOT_EXIST"})


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
