"""A plan from outside: its JSON and its file, refused unless they are whole and of a known kind.

Source: https://developer.hashicorp.com/terraform/internals/json-format (`errored`, `complete`, `format_version`).
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.errors import InfraError
from infra.terraform import saved_plan
from infra.terraform.plan_json import Plan

_MODULE_FOLDER = "tfconfig/m-"
_AGAIN = "Run `make plan` again."


@dataclass(frozen=True)
class PlanDocument:
    """A plan that may be reviewed.

    Args:
        document: its JSON, parsed; holds secrets.
        lineage: identity of the state that it was made on; "" when there was none.
        serial: version of that state; 0 when there was none.
        plan_sha256: hash of the plan file, in hexadecimal.
        sources: text of each module's files as the plan carries them, by module path; "" is the root.
    """

    document: Mapping[str, Any] = field(repr=False)
    lineage: str
    serial: int
    plan_sha256: str
    sources: Mapping[str, str] = field(repr=False)


def read_plan(plan_json: str | bytes, plan_file: Path) -> PlanDocument:
    """Check a plan and take from its file what its JSON does not have.

    Args:
        plan_json: what `terraform show -json` printed for the file.
        plan_file: the saved plan.

    Returns:
        The plan.

    Raises:
        InfraError: the plan has errors, is incomplete, of an unknown format, or not a plan at all.
    """
    document = checked(plan_json)
    sources = _sources(plan_file)
    lineage, serial = saved_plan.state_of(plan_file)
    return PlanDocument(document, lineage, serial, saved_plan.sha256(plan_file), sources)


def checked(plan_json: str | bytes) -> Mapping[str, Any]:
    """The plan's JSON, when it may be reviewed.

    Args:
        plan_json: what `terraform show -json` printed.

    Returns:
        The document.

    Raises:
        InfraError: as for `read_plan`.
    """
    try:
        document = Plan.from_json(plan_json).document
    except (UnicodeDecodeError, RecursionError) as error:
        raise InfraError(f"The plan is no JSON that Terraform writes ({error}). {_AGAIN}") from error
    if document.get("errored") is not False:
        raise InfraError(f"The plan has errors (`errored` is not false), so it says only a part. {_AGAIN}")
    if document.get("complete") is not True:
        raise InfraError(
            "The plan is incomplete (`complete` is not true): it was made with -target or has deferred changes, so "
            f"more would follow than a review shows. {_AGAIN.removesuffix('.')} without -target."
        )
    _require_shape(document)
    return document


def _require_shape(document: Mapping[str, Any]) -> None:
    seen = set()
    for part in ("resource_changes", "resource_drift"):
        entries = document.get(part, [])
        if not isinstance(entries, list):
            raise InfraError(f"The plan's {part} is no list: Terraform did not write this. {_AGAIN}")
        for entry in entries:
            try:
                address, kind, actions = entry["address"], entry["type"], entry["change"]["actions"]
            except (KeyError, TypeError) as error:
                raise InfraError(f"An entry of the plan's {part} has no {error}. {_AGAIN}") from error
            if not (isinstance(address, str) and isinstance(kind, str) and isinstance(actions, list) and actions):
                raise InfraError(f"An entry of the plan's {part} is not as Terraform writes it. {_AGAIN}")
            key = (part, address, entry.get("deposed", ""))
            if key in seen:
                raise InfraError(
                    f"The plan lists {json.dumps(address)} twice in {part}, so nobody could say which one an approval "
                    f"is about: Terraform did not write this. {_AGAIN}"
                )
            seen.add(key)


def _sources(plan_file: Path) -> dict[str, str]:
    if not plan_file.is_file():
        raise InfraError(f"There is no plan file {plan_file}. {_AGAIN}")
    try:
        with zipfile.ZipFile(plan_file) as archive:
            archive.getinfo("tfplan")
            sources: dict[str, str] = {}
            for name in archive.namelist():
                folder, _, file = name.rpartition("/")
                if folder.startswith(_MODULE_FOLDER) and file.endswith(".tf"):
                    module = folder.removeprefix(_MODULE_FOLDER)
                    sources[module] = sources.get(module, "") + archive.read(name).decode() + "\n"
            return sources
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError) as error:
        raise InfraError(f"{plan_file} is no Terraform plan file ({error}). {_AGAIN}") from error
