"""Prints the gateway's settings as JSON: name, what it is, default.

`PYTHONPATH=services/gateway python gateway_settings.py`; infra.documentation.settings calls it, since the gateway is a
program of its own and no package of the tooling.
"""

import json
import sys
from dataclasses import fields

from gateway.settings import Settings

json.dump(
    [
        {
            "name": item.name.upper(),
            "about": item.metadata["about"],
            # What is computed differs by machine.
            "default": "computed" if callable(item.metadata["default"]) else item.metadata["default"],
        }
        for item in fields(Settings)
    ],
    sys.stdout,
)
