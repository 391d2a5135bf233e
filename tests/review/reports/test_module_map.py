"""The map of modules: what a module uses stands to its left."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.review.model import Action, ModuleNode, Risk
from infra.review.reports.module_map import NODE_LIMIT, layout, module_map

_NAMES = st.sampled_from(["", *"abcdefgh"])
_GRAPHS = st.dictionaries(_NAMES, st.lists(_NAMES, max_size=5), min_size=1, max_size=9)


def _node(name: str, *depends_on: str, risk: Risk | None = Risk.PLAIN) -> ModuleNode:
    return ModuleNode(name, {Action.UPDATE: 1} if risk else {}, risk, depends_on, ())


def _edges(drawing: str) -> int:
    return drawing.count('class="edge')


@settings(deadline=None)
@given(_GRAPHS)
def test_every_module_has_one_place_also_in_a_circle(graph: dict[str, list[str]]) -> None:
    columns = layout(graph)
    assert sorted(name for column in columns for name in column) == sorted(graph)
    assert all(columns)


@settings(deadline=None)
@given(_GRAPHS)
def test_without_a_circle_every_arrow_leads_to_the_right(graph: dict[str, list[str]]) -> None:
    acyclic = {name: [source for source in sources if source < name] for name, sources in graph.items()}
    column = {name: number for number, names in enumerate(layout(acyclic)) for name in names}
    assert all(
        column[source] < column[name] for name, sources in acyclic.items() for source in sources if source in column
    )


@settings(deadline=None)
@given(_GRAPHS)
def test_any_graph_is_drawn(graph: dict[str, list[str]]) -> None:
    drawing = module_map([_node(name, *sources) for name, sources in graph.items()])
    assert drawing.count("<rect") == (len(graph) if len(graph) > 1 else 0)


def test_a_module_stands_beside_what_uses_it() -> None:
    assert layout(
        {"network": [], "alb": ["network"], "rules": ["alb"], "cluster": [], "task": ["rules", "cluster"]}
    ) == [
        ["network"],
        ["alb"],
        ["rules", "cluster"],
        ["task"],
    ]


def test_one_arrow_leads_back_in_a_circle() -> None:
    """As alarms that watch what writes into their log group."""
    graph = {"network": ["alarms"], "alb": ["network", "alarms"], "rules": ["alb"], "alarms": ["alb", "rules"]}
    column = {name: number for number, names in enumerate(layout(graph)) for name in names}
    back = [(name, source) for name, sources in graph.items() for source in sources if column[source] >= column[name]]
    assert back == [("network", "alarms"), ("alb", "alarms")]


def test_an_arrow_that_follows_from_two_others_is_not_drawn() -> None:
    assert _edges(module_map([_node("a"), _node("b", "a"), _node("c", "b", "a")])) == 2


def test_no_arrow_of_a_circle_is_taken_for_one_that_follows() -> None:
    assert _edges(module_map([_node("a", "b"), _node("b", "a"), _node("c", "a", "b")])) == 4


def test_an_arrow_into_a_circle_is_drawn_though_the_circle_leads_there_too() -> None:
    """a is used by b alone; c reaches it only through b, which is no reason to hide the arrow from a to b."""
    assert _edges(module_map([_node("a"), _node("b", "a", "c"), _node("c", "b")])) == 3


def test_the_map_shows_what_matters_when_there_are_too_many() -> None:
    nodes = [_node(f"m{number}", risk=None) for number in range(100)]
    drawing = module_map([*nodes, _node("last", risk=Risk.DATA_LOSS)])
    assert drawing.count("<rect") == NODE_LIMIT
    assert re.search(r'class="changing data-loss".*>last<', drawing)


def test_a_single_module_needs_no_map() -> None:
    assert not module_map([_node("")])
