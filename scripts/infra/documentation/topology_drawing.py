"""An environment's topology as a picture: zones from the internet down to AWS, and who may connect to whom."""

from collections.abc import Mapping

from infra.documentation.layers import COLUMN, downward, layered, sideways
from infra.documentation.picture import Frame, picture
from infra.documentation.topology import CLIENTS, WAY_OUT, Connection, Party, Topology, Zone
from infra.review.reports.drawing import Point, box
from infra.review.reports.module_map import layout

_TITLES = {CLIENTS: "clients", WAY_OUT: "the internet", "s3": "S3", "endpoints": "interface endpoints"}
# Every task connects to these, to be started and to log: a word in the box says it better than a bundle of arrows.
_FOR_ALL = {"s3", "endpoints", WAY_OUT}
_ARTIFACTS = "artifacts"


def topology_drawing(drawn: Topology) -> str:
    """Draw it.

    Args:
        drawn: the topology.

    Returns:
        A whole SVG file.
    """
    direct = [each for each in drawn.connections if each.target not in _FOR_ALL]
    artifacts = [each for each in drawn.connections if each.target == "s3" and _ARTIFACTS in each.description]
    at = layered(
        _layers(drawn, direct), {(each.source, each.target) for each in direct}, {each.source for each in artifacts}
    )
    at |= _outside(drawn, at)
    shapes = [
        *(downward(at[each.source], at[each.target], "hit") for each in direct),
        *(sideways(at[each.source], at[each.target]) for each in artifacts),
        *(_box(party, drawn, at[name]) for name, party in drawn.parties.items()),
    ]
    inside = {zone: [name for name, party in drawn.parties.items() if party.zone is zone] for zone in drawn.subnets}
    frames = [
        Frame(f"VPC {drawn.cidr}", "trust", [name for names in inside.values() for name in names], outer=1),
        *(Frame(f"{len(drawn.subnets[zone])} {zone.value}", "zone", names) for zone, names in inside.items()),
    ]
    return picture(at, "".join(shapes), frames, f"Topology of {drawn.environment}")


def _layers(drawn: Topology, direct: list[Connection]) -> list[list[str]]:
    """The parties from top to bottom, zone after zone."""
    layers: list[list[str]] = []
    for zone in Zone:
        inside = [name for name, party in drawn.parties.items() if party.zone is zone]
        uses = {
            name: sorted({each.source for each in direct if each.target == name and each.source in inside})
            for name in inside
            if name not in _FOR_ALL
        }
        layers += layout(uses) if uses else [[]]
        layers[-1] += [name for name in inside if name in _FOR_ALL]
    return layers


def _outside(drawn: Topology, at: Mapping[str, Point]) -> dict[str, Point]:
    """What AWS keeps outside the VPC stands beside it: artifacts flow down to S3, the way out leads up."""
    inside = [point for name, point in at.items() if drawn.parties[name].zone is not Zone.AWS]
    x = max(x for x, _ in inside) + COLUMN
    ys = {"s3": max(y for _, y in inside), WAY_OUT: min(y for _, y in inside)}
    return {name: (x, y) for name, y in ys.items() if name in at}


def _box(party: Party, drawn: Topology, at: Point) -> str:
    incoming = [each for each in drawn.connections if each.target == party.name]
    ports = sorted({each.port for each in incoming}, reverse=True)
    title = " ".join([_TITLES.get(party.name, party.name), *(f":{port}" for port in ports)])
    about = party.about
    if party.name in _FOR_ALL:
        about += _for_whom({each.source for each in incoming}, drawn)
    kind = "aws" if party.name in _FOR_ALL else "outside" if party.zone is Zone.INTERNET else "ours"
    return box(at, kind, title, about, f"{title}: {about}")


def _for_whom(sources: set[str], drawn: Topology) -> str:
    tasks = {each.source for each in drawn.connections if drawn.parties[each.source].zone is Zone.PRIVATE}
    return ", all tasks" if sources == tasks else f", {', '.join(sorted(sources))}"
