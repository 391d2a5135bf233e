"""What .checkov.yaml says, and whether it says it so that nobody is misled."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.errors import InfraError

# What checkov reads there and this tooling honours. Any other setting would change the scan without being noticed here.
_KNOWN = {"compact", "download-external-modules", "external-checks-dir", "framework", "skip-check", "skip-path"}
_PLAN_ONLY = "Plan only:"
_APPLIED_ONLY = "Applied only:"


@dataclass(frozen=True)
class Skip:
    """A check whose failures do not count.

    Args:
        id: as in `CKV_AWS_18`.
        line: in the file, from 1.
        reason: the comment above it; "" when there is none.
        plan_only: the reason starts with "Plan only:" or "Applied only:": it never matches in the configuration.
        applied_only: the reason starts with "Applied only:": it never matches in the first plan of an environment.
    """

    id: str
    line: int
    reason: str
    plan_only: bool
    applied_only: bool


@dataclass(frozen=True)
class Settings:
    """A .checkov.yaml.

    Args:
        path: where it is.
        skips: checks that are skipped.
        external_checks: folders with checks of one's own.
    """

    path: Path
    skips: tuple[Skip, ...]
    external_checks: tuple[Path, ...]


def read_settings(path: Path) -> Settings:
    """Read a .checkov.yaml.

    Args:
        path: the file.

    Returns:
        What it says. A reason belongs to every skip that follows it until the next comment.

    Raises:
        InfraError: it is missing, no YAML, or has a setting that this tooling does not honour.
    """
    try:
        text = path.read_text()
        document = yaml.safe_load(text) or {}
    except (OSError, yaml.YAMLError) as error:
        raise InfraError(f"{path} cannot be read: {error}") from error
    if not isinstance(document, dict) or document.keys() - _KNOWN:
        known = ", ".join(sorted(_KNOWN))
        raise InfraError(
            f"{path} must be a mapping with no other setting than {known}; remove what is not one of these."
        )
    skips = _skips(text)
    listed = _texts(document, "skip-check", path)
    if [skip.id for skip in skips] != listed:
        raise InfraError(f"{path}: write every skip as a line `  - <id>` of its own below `skip-check:`.")
    folders = tuple(path.parent / folder for folder in _texts(document, "external-checks-dir", path))
    return Settings(path, skips, folders)


def _texts(document: dict[str, Any], key: str, path: Path) -> list[str]:
    value = document.get(key) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InfraError(f"{path}: {key} must be a list of texts")
    return value


def _skips(text: str) -> tuple[Skip, ...]:
    found: list[Skip] = []
    inside = in_comment = False
    reason = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith((" ", "#")) and line.strip():
            inside, reason = line.startswith("skip-check:"), ""
        elif inside and (comment := re.match(r"\s*#\s*(.*)", line)):
            reason = f"{reason} {comment[1]}".strip() if in_comment else comment[1].strip()
            in_comment = True
            continue
        elif inside and (item := re.match(r"\s*-\s*([\w-]+)\s*$", line)):
            applied_only = reason.startswith(_APPLIED_ONLY)
            found.append(Skip(item[1], number, reason, applied_only or reason.startswith(_PLAN_ONLY), applied_only))
        in_comment = False
    return tuple(found)
