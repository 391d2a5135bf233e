"""What was started, and which rule led where, as SVG: from the clients on the left to what keeps the data."""

from collections import Counter
from dataclasses import dataclass

from infra.preflight.record import PreflightRecord
from infra.review.reports.drawing import arrow, box, drawing, places
from infra.review.reports.module_map import layout
from infra.review.reports.text import line
from infra.review.reports.words import how_many

_CLIENTS, _DATABASE, _AWS = "clients", "database", "AWS"


@dataclass(frozen=True)
class _Node:
    """A box: its two lines, what is shown when the pointer rests on it, its look."""

    title: str
    below: str
    hint: str
    kind: str


def topology_map(record: PreflightRecord) -> str:
    """Draw the map.

    Args:
        record: a finished preflight.

    Returns:
        SVG whose text is escaped; "" when no platform was started.
    """
    if record.topology is None:
        return ""
    nodes, edges = _graph(record)
    columns = layout({name: sorted(source for source, target in edges if target == name) for name in nodes})
    at = places(columns)
    arrows = "".join(arrow(at[source], at[target], hit=used) for (source, target), used in edges.items())
    boxes = "".join(
        box(at[name], node.kind, line(node.title), line(node.below), line(node.hint)) for name, node in nodes.items()
    )
    return drawing(columns, arrows + boxes, "What was started, and which rule led where")


def _graph(record: PreflightRecord) -> tuple[dict[str, _Node], dict[tuple[str, str], bool]]:
    assert record.topology is not None  # noqa: S101 - the caller looked
    requests = sum(lane.requests for lane in record.topology.lanes)
    said = "The standard MLflow client, and the checks"
    nodes = {_CLIENTS: _Node("clients", f"{requests} requests", said, "still")}
    edges: dict[tuple[str, str], bool] = {}
    tasks = Counter(task.service.removeprefix("hokusai-") for task in record.tasks if task.service)
    for lane in record.topology.lanes:
        door = f"{lane.load_balancer} {lane.listener}"
        nodes.setdefault(door, _Node(lane.load_balancer, lane.listener, door, "still"))
        rule = f"{door} {lane.rule}"
        used = lane.requests > 0
        hint = f"{lane.conditions} → {lane.outcome}"
        nodes[rule] = _Node(lane.rule, f"{lane.requests} → {lane.outcome}", hint, "still")
        edges[_CLIENTS, door] = True
        edges[door, rule] = used
        if lane.service:
            service = lane.service.removeprefix("hokusai-")
            nodes.setdefault(service, _service(service, tasks))
            edges[rule, service] = used
    for task in record.tasks:
        name = (task.service or task.family).removeprefix("hokusai-").removesuffix(f"-{record.environment}")
        nodes.setdefault(name, _service(name, tasks))
    for link in record.topology.links:
        source = link.source.removesuffix(f"-{record.environment}")
        # The tasks' own services and the database are boxes; everything else that they reach is AWS.
        target = link.destination if link.destination in {*nodes, _DATABASE} else _AWS
        if source in nodes:
            edges[source, target] = True
    if any(target == _DATABASE for _, target in edges):
        nodes[_DATABASE] = _Node(_DATABASE, "PostgreSQL", "PostgreSQL", "changing plain")
    calls = Counter[str]()
    for call in record.aws_calls:
        calls[call.action.partition(":")[0]] += call.times
    if any(target == _AWS for _, target in edges):
        said = ", ".join(f"{name} {count}" for name, count in calls.most_common())
        nodes[_AWS] = _Node(_AWS, how_many(calls.total(), "call"), said, "changing plain")
    return nodes, edges


def _service(name: str, tasks: Counter[str]) -> _Node:
    count = how_many(tasks[name], "task") if tasks[name] else "runs once"
    return _Node(name, count, f"{name}: {count}", "changing plain")
