"""Plans made by hand, for what no real plan may hold: secrets everywhere, hostile texts, thousands of changes."""

import json
from typing import Any

from infra.terraform.saved_plan import PlanRecord


def a_record(**known: Any) -> PlanRecord:
    """The record of a saved plan, of an emulated account and no commit where nothing else is said."""
    facts = {
        "environment": "development",
        "account_kind": "emulated",
        "account_id": "123456789012",
        "account_instance": "",
        "caller": "",
        "commit": None,
        "clean": False,
        "terraform_version": "1.11.4",
        "provider_version": "5.100.0",
        "state_lineage": "",
        "state_serial": 0,
        "destroy": False,
        "has_changes": True,
        "created": "",
        "plan_sha256": "",
    }
    return PlanRecord(**{**facts, **known})


def entry(address: str, before: Any, after: Any, **more: Any) -> dict[str, Any]:
    """A resource change; the actions follow from the values unless they are given."""
    actions = more.pop("actions", None) or (
        ["create"] if before is None else ["delete"] if after is None else ["no-op"] if before == after else ["update"]
    )
    change = {
        "actions": actions,
        "before": before,
        "after": after,
        "after_unknown": more.pop("after_unknown", {}),
        "before_sensitive": more.pop("before_sensitive", {}),
        "after_sensitive": more.pop("after_sensitive", {}),
        **({"replace_paths": more.pop("replace_paths")} if "replace_paths" in more else {}),
    }
    kind, _, name = address.rpartition("]." if address.endswith("]") else "module.")[2].rpartition(".")
    return {
        "address": address,
        "mode": "managed",
        "type": more.pop("type", kind.rpartition(".")[2] or "terraform_data"),
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": change,
        **more,
    }


def document(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A plan with these changes."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": list(entries),
        "configuration": {"root_module": {}},
        "timestamp": "2026-01-01T00:00:00Z",
        "applyable": True,
        "complete": True,
        "errored": False,
        **more,
    }


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}
