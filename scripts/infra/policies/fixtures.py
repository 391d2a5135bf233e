"""Small plans that a policy must pass or must find fault with, written so that the fault is seen at once.

    passes:
      behind the gateway:
        aws_lb_target_group.gateway: {port: 8001}
    fails:
      MLflow itself:
        finds: [aws_lb_target_group.mlflow]
        plan:
          aws_lb_target_group.mlflow: {port: 5000}

A plan is a mapping from addresses to planned values. A value `{unknown: [references]}` is known only after apply, and
comes from those references. `variables` and `provider` (expressions of the provider block, or null) stand beside the
addresses. A value under `json` becomes JSON text, as policies and container definitions are.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.errors import InfraError
from infra.policies.outcome import not_judged
from infra.policies.policy import Policy
from infra.review.model import Finding
from infra.terraform.plan_json import Plan

_GUARDED = {"allowed_account_ids": {"constant_value": ["123456789012"]}}


@dataclass(frozen=True)
class Fixture:
    """One example of a policy.

    Args:
        name: what it shows.
        plan: the plan.
        finds: where the policy must find something, once for each finding; empty where it must pass.
    """

    name: str
    plan: Plan
    finds: tuple[str, ...]


def load_fixtures(path: Path) -> list[Fixture]:
    """The fixtures of a policy.

    Args:
        path: as policies/fixtures/log_retention.yaml.

    Returns:
        At least one that passes and one that fails.

    Raises:
        InfraError: the file is missing, or is not as described above.
    """
    try:
        # The C loader: fixtures are read in every run.
        document = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        passes = [Fixture(name, plan_of(plan), ()) for name, plan in document["passes"].items()]
        fails = [Fixture(name, plan_of(each["plan"]), tuple(each["finds"])) for name, each in document["fails"].items()]
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise InfraError(
            f"{path}: a policy needs fixtures that pass and that fail ({type(error).__name__}: {error})"
        ) from error
    if not passes or not fails or not all(fixture.finds for fixture in fails):
        raise InfraError(f"{path}: at least one fixture must pass, and one fail with `finds`")
    return passes + fails


def fixtures_of(policies: Mapping[str, Policy], folder: Path) -> dict[str, list[Fixture]]:
    """The fixtures of every policy.

    Args:
        policies: by the name of their file.
        folder: where the fixtures are.

    Returns:
        Fixtures by the name of the policy's file.

    Raises:
        InfraError: a policy has none, or a file belongs to no policy.
    """
    unused = sorted(path.name for path in folder.iterdir() if path.suffix != ".yaml" or path.stem not in policies)
    if unused:
        raise InfraError(f"{folder}: {', '.join(unused)} belongs to no policy; rename or remove it.")
    return {name: load_fixtures(folder / f"{name}.yaml") for name in policies}


def judge_canaries(policies: Mapping[str, Policy], folder: Path) -> tuple[list[Finding], int]:
    """Whether every policy still finds fault with what is known to be bad.

    Args:
        policies: by the name of their file.
        folder: where the fixtures are.

    Returns:
        A finding for each policy that does not, and how many fixtures were found to be bad.
    """
    findings: list[Finding] = []
    found = 0
    for name, fixtures in fixtures_of(policies, folder).items():
        for fixture in fixtures:
            if fixture.finds:
                problem = differs(policies[name], fixture)
                found += not problem
                if problem:
                    remedy = "The policy no longer works: mend it."
                    findings.append(not_judged("CANARY", f"policies/{name}.py", f"{fixture.name}: {problem}", remedy))
    return findings, found


def differs(policy: Policy, fixture: Fixture) -> str:
    """How a policy's findings differ from what a fixture wants.

    Args:
        policy: the policy.
        fixture: one of its fixtures.

    Returns:
        The difference; "" when there is none.
    """
    try:
        found = sorted(finding.where for finding in policy.findings(fixture.plan))
    except Exception as error:
        return f"the policy crashes ({type(error).__name__}: {error})"
    return "" if found == sorted(fixture.finds) else f"found {found}, not {sorted(fixture.finds)}"


def plan_of(content: Mapping[str, Any]) -> Plan:
    """A plan from a fixture's short form.

    Args:
        content: as described above.

    Returns:
        The plan: every resource is created.
    """
    variables = {name: {"value": value} for name, value in content.get("variables", {}).items()}
    provider = content.get("provider", _GUARDED)
    resources = [
        _resource(address, values) for address, values in content.items() if address not in ("variables", "provider")
    ]
    document = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "variables": variables,
        "planned_values": {"root_module": {"resources": [planned for planned, _, _ in resources]}},
        "resource_changes": [change for _, change, _ in resources],
        "configuration": {
            "provider_config": {} if provider is None else {"aws": {"name": "aws", "expressions": provider}},
            "root_module": {"resources": [configured for _, _, configured in resources]},
        },
    }
    return Plan.from_json(json.dumps(document))


def _resource(address: str, content: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    kind, name = address.partition("[")[0].split(".")[-2:]
    index = address.partition("[")[2].strip('"]') or None
    values = {key: _known(value) for key, value in content.items() if not _is_unknown(value)}
    unknown = {key: _unknown(value) for key, value in content.items()}
    common = {"address": address, "mode": "managed", "type": kind, "name": name, "provider_name": "aws"}
    change = {"actions": ["create"], "before": None, "after": values, "after_unknown": unknown}
    configured = {**common, "expressions": {key: _expression(value) for key, value in content.items()}}
    return {**common, "values": values}, {**common, "index": index, "change": change}, configured


def _is_unknown(value: Any) -> bool:  # noqa: ANN401 - YAML
    return isinstance(value, dict) and set(value) == {"unknown"}


def _known(value: Any) -> Any:  # noqa: ANN401 - YAML
    if isinstance(value, dict) and set(value) == {"json"}:
        return json.dumps(value["json"])
    if isinstance(value, dict):
        return {key: _known(each) for key, each in value.items() if not _is_unknown(each)}
    return [_known(each) for each in value] if isinstance(value, list) else value


def _unknown(value: Any) -> Any:  # noqa: ANN401 - YAML
    if _is_unknown(value):
        return True
    if isinstance(value, dict) and set(value) != {"json"}:
        return {key: _unknown(each) for key, each in value.items()}
    return [_unknown(each) for each in value] if isinstance(value, list) else False


def _expression(value: Any) -> Any:  # noqa: ANN401 - YAML
    if _is_unknown(value):
        return {"references": value["unknown"]}
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return [{key: _expression(inner) for key, inner in each.items()} for each in value]
    return {"constant_value": value}
