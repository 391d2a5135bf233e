"""Boxes in columns and the arrows between them, as SVG: the shapes of every map in a report."""

from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 190, 46, 60, 16, 8
_NAME, _COUNTS = 24, 30

Point = tuple[int, int]


def places(columns: Sequence[Sequence[str]]) -> dict[str, Point]:
    """Where the boxes stand.

    Args:
        columns: names from left to right, each column from top to bottom.

    Returns:
        Upper left corner by name, in pixels.
    """
    return {
        name: (_MARGIN + x * (_WIDTH + _GAP_X), _MARGIN + y * (_HEIGHT + _GAP_Y))
        for x, column in enumerate(columns)
        for y, name in enumerate(column)
    }


def drawing(columns: Sequence[Sequence[str]], shapes: str, label: str) -> str:
    """The whole drawing.

    Args:
        columns: as for `places`.
        shapes: its arrows and boxes.
        label: what it is, for those who do not see it.

    Returns:
        SVG.
    """
    width = 2 * _MARGIN + len(columns) * (_WIDTH + _GAP_X) - _GAP_X
    height = 2 * _MARGIN + max(len(column) for column in columns) * (_HEIGHT + _GAP_Y)
    return (
        f'<svg class="map" xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="group" aria-label="{escape(label)}">{shapes}</svg>'
    )


def box(at: Point, kind: str, name: str, below: str, hint: str, attributes: str = "") -> str:  # noqa: PLR0917
    """A box.

    Args:
        at: its upper left corner.
        kind: CSS classes.
        name: first line, shortened to fit.
        below: second line, shortened to fit.
        hint: shown when the pointer rests on it.
        attributes: further ones of its group, escaped.

    Returns:
        SVG whose text is escaped.
    """
    x, y = at
    return (
        f'<g class="{kind}"{attributes}><title>{escape(hint)}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="7"/>'
        f'<text class="name" x="{x + 10}" y="{y + 19}">{escape(_short(name, _NAME))}</text>'
        f'<text class="counts" x="{x + 10}" y="{y + 36}">{escape(_short(below, _COUNTS))}</text></g>'
    )


def arrow(source: Point, target: Point, *, hit: bool) -> str:
    """An arrow between two boxes.

    Args:
        source: corner of the box that it leaves.
        target: corner of the box that it leads to.
        hit: whether it stands out.

    Returns:
        SVG.
    """
    kind = " hit" if hit else ""
    x1, y1 = source[0] + _WIDTH, source[1] + _HEIGHT // 2
    x2, y2 = target[0] - 6, target[1] + _HEIGHT // 2
    if x1 > x2:  # one of a circle: below everything that is between, and dashed
        x1, x2 = source[0] + _WIDTH // 2, target[0] + _WIDTH // 2
        y1, y2 = source[1] + _HEIGHT, target[1] + _HEIGHT + 6
        low = max(y1, y2) + _GAP_Y
        return (
            f'<path class="edge back{kind}" d="M{x1} {y1}C{x1} {low} {x2} {low} {x2} {y2}"/>'
            f'<path class="tip{kind}" d="M{x2} {y2 - 6}l-4 7h8z"/>'
        )
    bend = max(_GAP_X // 2, (x2 - x1) // 3)
    return (
        f'<path class="edge{kind}" d="M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"/>'
        f'<path class="tip{kind}" d="M{x2 + 6} {y2}l-7 -4v8z"/>'
    )


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
