"""Boxes in layers from top to bottom, each near to what leads to it and beside what passes by."""

from collections.abc import Collection, Sequence

from infra.review.reports.drawing import Point, places

WIDTH, HEIGHT, COLUMN = 190, 46, 250  # of a box, and from one to the next, as `drawing` has them
_WIDEST = 99


def layered(
    layers: Sequence[Sequence[str]], edges: Collection[tuple[str, str]], last: Collection[str]
) -> dict[str, Point]:
    """Where the boxes stand.

    Args:
        layers: names from top to bottom.
        edges: arrows that will be drawn, from name to name.
        last: names that stand at the right end of their layer, with nothing beside them.

    Returns:
        Upper left corner by name, in pixels.
    """
    columns = _columns(layers, edges, last)
    grid = [[f"nothing at {x}, {y}" for y in range(2 * len(layers))] for x in range(1 + max(columns.values()))]
    for depth, layer in enumerate(layers):
        for name in layer:
            grid[columns[name]][2 * depth] = name  # every other row is left to the arrows
    found = places(grid)
    return {name: found[name] for name in columns}


def _columns(
    layers: Sequence[Sequence[str]], edges: Collection[tuple[str, str]], last: Collection[str]
) -> dict[str, int]:
    depth_of = {name: depth for depth, layer in enumerate(layers) for name in layer}
    columns: dict[str, int] = {}
    for depth, layer in enumerate(layers):
        taken = {columns[a] for a, b in edges if depth_of[a] < depth < depth_of[b]}
        above = {name: [columns[a] for a, b in edges if b == name and a in columns] for name in layer}
        for name in sorted(layer, key=lambda each: (each in last, not above[each], _middle(above[each]), each)):
            first = max((columns[each] + 1 for each in layer if each in columns), default=0) if name in last else 0
            wanted = max(round(_middle(above[name])), first)
            columns[name] = next(column for column in range(wanted, _WIDEST) if column not in taken)
            taken.add(columns[name])
    return columns


def _middle(columns: Sequence[int]) -> float:
    return sum(columns) / len(columns) if columns else 0.0


def downward(source: Point, target: Point, kind: str = "") -> str:
    """An arrow from the bottom of a box to the top of another; one that leads up is dashed and goes from side to side.

    Args:
        source: corner of the box that it leaves.
        target: corner of the box that it leads to.
        kind: further CSS classes.

    Returns:
        SVG.
    """
    if source[1] >= target[1]:
        x1, y1, x2, y2 = source[0] + WIDTH, source[1] + HEIGHT // 2, target[0] + WIDTH + 6, target[1] + HEIGHT // 2 + 10
        far = max(x1, x2) + 36
        return (
            f'<path class="edge back {kind}" d="M{x1} {y1}C{far} {y1} {far} {y2} {x2} {y2}"/>'
            f'<path class="tip {kind}" d="M{x2 - 6} {y2}l7 -4v8z"/>'
        )
    x1, y1, x2, y2 = source[0] + WIDTH // 2, source[1] + HEIGHT, target[0] + WIDTH // 2, target[1] - 6
    bend = max((y2 - y1) // 2, 24)
    return (
        f'<path class="edge {kind}" d="M{x1} {y1}C{x1} {y1 + bend} {x2} {y2 - bend} {x2} {y2}"/>'
        f'<path class="tip {kind}" d="M{x2} {y2 + 6}l-4 -7h8z"/>'
    )


def sideways(source: Point, target: Point) -> str:
    """An arrow out of the right side of a box, straight down beside everything, onto another.

    Args:
        source: corner of the box that it leaves; nothing stands right of it.
        target: corner of the box that it leads to, right of the other and below it.

    Returns:
        SVG.
    """
    x, y, end, low = source[0] + WIDTH, source[1] + HEIGHT // 2, target[0] + WIDTH // 2, target[1] - 6
    return (
        f'<path class="edge hit" d="M{x} {y}H{end - 14}Q{end} {y} {end} {y + 14}V{low}"/>'
        f'<path class="tip hit" d="M{end} {low + 6}l-4 -7h8z"/>'
    )
