"""The pictures and the table of docs/architecture.md, from plans."""

from collections.abc import Mapping
from pathlib import Path

from infra.console import say
from infra.documentation.generated import with_parts
from infra.documentation.module_drawing import module_drawing
from infra.documentation.planned import unplanned
from infra.documentation.topology import Topology, topology
from infra.documentation.topology_drawing import topology_drawing
from infra.repository import ROOT, STACK
from infra.terraform.plan_json import Plan

PAGE = ROOT / "docs" / "architecture.md"
IMAGES = ROOT / "docs" / "images"
# Its connections stand in the table; the others differ as their pictures do.
SHOWN = "production"


def write_architecture(plans: Mapping[str, Plan]) -> None:
    """Write the pictures and the table from the plans of all environments.

    Args:
        plans: by environment.

    Raises:
        InfraError: a plan has something that the drawing does not know.
    """
    if missing := unplanned(plans):
        say(f"docs/architecture.md is as it was: it is made from plans, so run {missing} first.")
        return
    for path, text in architecture(plans).items():
        path.write_text(text)
        say(f"Wrote {path.relative_to(ROOT)}.")


def architecture(plans: Mapping[str, Plan]) -> dict[Path, str]:
    """Every file that is made, whole.

    Args:
        plans: of all environments.

    Returns:
        Text by file.

    Raises:
        InfraError: as for `write_architecture`.
    """
    drawn = {name: topology(plan) for name, plan in plans.items()}
    pictures = {IMAGES / f"topology-{name}.svg": topology_drawing(each) for name, each in drawn.items()}
    return {
        **pictures,
        IMAGES / "modules.svg": module_drawing(plans[SHOWN], STACK),
        PAGE: with_parts(PAGE, {"connections": _table(drawn[SHOWN])}),
    }


def _table(shown: Topology) -> str:
    ranges = "; ".join(f"{zone.value} {', '.join(cidrs)}" for zone, cidrs in shown.subnets.items())
    rows = [
        f"| `{each.source}` | `{each.target}` | {each.port} | {each.description} |"
        for each in sorted(shown.connections, key=lambda each: (each.source, each.target, each.port))
    ]
    head = ["| from | to | port | what for |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, "", f"VPC {shown.cidr}: {ranges}."])
