"""docs/clients.md: the example, as it stands."""

import re
from pathlib import Path

from infra.repository import ROOT
from infra.verification.client import run_client
from tests.services.parts.gateway_service import GatewayService

DOCUMENT = ROOT / "docs" / "clients.md"


def test_the_documented_example_works(registry: GatewayService, client_python: Path, tmp_path: Path) -> None:
    [example] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    result = run_client(client_python, example, tmp_path, registry.tracking_uri, token=registry.key)
    assert result.returncode == 0, result.stderr
    assert "[8.]" in result.stdout
