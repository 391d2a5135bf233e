"""AWS's access levels of actions, as the service authorization reference has them (data/make_iam_actions.py)."""

import json
from pathlib import Path


def access_levels() -> dict[str, str]:
    """AWS's access level of each action of the services that the delivery roles touch, by `service:Action`."""
    document = json.loads((Path(__file__).parent / "data/iam_actions.json").read_text())
    return {
        f"{service}:{name}": level
        for service, levels in document["services"].items()
        for level, names in levels.items()
        for name in names.split()
    }
