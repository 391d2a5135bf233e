"""`infra verify` as on AWS, in the network of a platform: `python -m tests.verify.as_on_aws verify ...`.

This process is led there by its variables. The MLflow client that it starts gets an environment of its own, which has
only what an outside developer has: here it gets the way into that network as well.
"""

import os
from pathlib import Path

from infra.cli import main
from infra.verification.client import client_variables
from infra.verify import registries

_WAY = ("LD_PRELOAD", "PREFLIGHT_NETWORK")


def led(folder: Path, tracking_uri: str, token: str, environment: dict[str, str]) -> dict[str, str]:
    return client_variables(folder, tracking_uri, token, environment | {name: os.environ[name] for name in _WAY})


if __name__ == "__main__":
    registries.client_variables = led  # type: ignore[assignment, attr-defined]
    main()
