"""The whole review as JSON, for programs; nothing is shortened. docs/review.schema.json describes it."""

import json
from collections.abc import Mapping
from typing import Any

from infra.review.gate import Verdict
from infra.review.model import (
    AccessChange,
    Action,
    AttributeChange,
    Change,
    Check,
    Drift,
    Finding,
    Json,
    ModuleNode,
    OutputChange,
    Review,
    Risk,
)

# The first number changes when a reader must change, the second when something is added.
FORMAT_VERSION = "1.0"


def json_report(review: Review, verdict: Verdict) -> str:
    """The review as one JSON document in ASCII.

    Args:
        review: the review.
        verdict: what the gate says.

    Returns:
        JSON that fits docs/review.schema.json.
    """
    return json.dumps(_document(review, verdict), allow_nan=False, separators=(",", ":")) + "\n"


def _document(review: Review, verdict: Verdict) -> dict[str, Json]:
    actions, risks = review.actions, review.risks
    return {
        "format_version": FORMAT_VERSION,
        "verdict": verdict.as_json(),
        "risk": review.risk,
        "empty": review.empty,
        "totals": {
            "changes": len(review.changes),
            "unchanged": review.unchanged,
            "actions": {action: actions[action] for action in Action},
            "risks": {risk: risks[risk] for risk in Risk},
            "drift_elsewhere": review.drift_elsewhere,
            "secrets_redacted": review.secrets,
        },
        "provenance": dict(vars(review.provenance)),
        "changes": [_change(change) for change in review.changes],
        "drift": [_drift(drift) for drift in review.drift],
        "outputs": [_output(output) for output in review.outputs],
        "checks": [_check(check) for check in review.checks],
        "modules": [_module(module) for module in review.modules],
        "access": [_access(access) for access in review.access],
        "unknown_access": [dict(vars(access)) for access in review.unknown_access],
        "findings": [_finding(finding) for finding in review.findings],
    }


def _change(change: Change) -> dict[str, Json]:
    return {
        "key": change.key,
        "address": change.address,
        "deposed": change.deposed,
        "module": change.module,
        "mode": change.mode,
        "type": change.type,
        "name": change.name,
        "index": change.index,
        "provider": change.provider,
        "action": change.action,
        "risk": change.risk,
        "reason": change.reason,
        "previous_address": change.previous_address,
        "import_id": change.import_id,
        "replace_paths": change.replace_paths,
        "needs_acknowledgement": change.needs_acknowledgement,
        "consequences": [
            {"risk": each.risk, "text": each.text, "attributes": each.attributes, "acknowledge": each.acknowledge}
            for each in change.consequences
        ],
        "attributes": [_attribute(each) for each in change.attributes],
    }


def _attribute(attribute: AttributeChange) -> dict[str, Json]:
    document = attribute.document
    return {
        "path": attribute.path,
        "before": attribute.before,
        "after": attribute.after,
        "unknown": attribute.unknown,
        "sensitive": attribute.sensitive,
        "forces_replacement": attribute.forces_replacement,
        "document": document
        and {
            "kind": document.kind,
            "parts": [
                {"name": part.name, "change": part.change, "fields": [_attribute(each) for each in part.fields]}
                for part in document.parts
            ],
        },
    }


def _drift(drift: Drift) -> dict[str, Json]:
    return {**vars(drift), "attributes": [_attribute(each) for each in drift.attributes]}


def _output(output: OutputChange) -> Mapping[str, Any]:
    return vars(output)


def _check(check: Check) -> Mapping[str, Any]:
    return vars(check)


def _module(module: ModuleNode) -> dict[str, Json]:
    return {**vars(module), "actions": dict(module.actions)}


def _access(access: AccessChange) -> dict[str, Json]:
    return {**vars(access), "grant": vars(access.grant)}


def _finding(finding: Finding) -> Mapping[str, Any]:
    return vars(finding)
