"""The gateway's table in docs/environment-variables.md, from its settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

from infra.console import say
from infra.documentation.generated import with_parts
from infra.errors import InfraError
from infra.repository import ROOT

PAGE = ROOT / "docs" / "environment-variables.md"
_LISTER = Path(__file__).with_name("gateway_settings.py")


def write_settings() -> None:
    """Write the table.

    Raises:
        InfraError: the gateway's settings cannot be listed.
    """
    PAGE.write_text(settings_page())
    say(f"Wrote {PAGE.relative_to(ROOT)}.")


def settings_page() -> str:
    """The page with the table as the code has it.

    Returns:
        The whole page.

    Raises:
        InfraError: as for `write_settings`.
    """
    rows = ["| variable | what | default |", "|---|---|---|"]
    rows += [f"| `{each['name']}` | {each['about']} | {_default(each['default'])} |" for each in _settings()]
    return with_parts(PAGE, {"gateway settings": "\n".join(rows)})


def _settings() -> list[dict[str, str | None]]:
    result = subprocess.run(
        [sys.executable, str(_LISTER)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "services" / "gateway")},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise InfraError(f"The gateway's settings cannot be listed: {result.stderr.strip()}")
    listed: list[dict[str, str | None]] = json.loads(result.stdout)
    return listed


def _default(text: str | None) -> str:
    if text is None:
        return "none: must be set"
    return f"`{text}`" if text else "empty"
