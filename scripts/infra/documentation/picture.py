"""A drawing as a file of its own: with its colours, for light and dark pages, and frames around groups of boxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from infra.documentation.layers import HEIGHT, WIDTH
from infra.review.reports.drawing import Point

_MARGIN, _RIM, _TITLE = 8, 12, 20

_STYLE = """
svg { --page: #ffffff; --card: #ffffff; --text: #1c2128; --soft: #57606a; --line: #aeb7c2;
  --way: #1f5fae; --trust: #b54708;
  font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; background: var(--page) }
@media (prefers-color-scheme: dark) {
  svg { --page: #0f1318; --card: #171d24; --text: #e4e9ef; --soft: #9aa5b1; --line: #56616d;
    --way: #7db8ff; --trust: #ffa35c }
}
.edge { fill: none; stroke: var(--line); stroke-width: 1.5 } .edge.hit { stroke: var(--way); stroke-width: 2 }
.edge.back { stroke-dasharray: 3 4 } .tip { fill: var(--line) } .tip.hit { fill: var(--way) }
rect { fill: var(--card); stroke: var(--line); stroke-width: 1.5 } .ours rect { stroke: var(--way); stroke-width: 2 }
rect.zone { fill: none } rect.trust { fill: none; stroke: var(--trust); stroke-width: 2; stroke-dasharray: 7 4 }
text { fill: var(--text) } .counts, .label { fill: var(--soft) } .counts { font-size: 11px } .name { font-weight: 600 }
.label { text-anchor: end; font-size: 11px } .label.trust { fill: var(--trust) }
"""


@dataclass(frozen=True)
class Frame:
    """A frame around boxes.

    Args:
        title: stands in its upper right corner.
        kind: its look: "zone" or "trust".
        names: the boxes in it.
        outer: how many frames it has inside it.
    """

    title: str
    kind: str
    names: Sequence[str]
    outer: int = 0


def picture(at: Mapping[str, Point], shapes: str, frames: Sequence[Frame], label: str) -> str:
    """A whole SVG file.

    Args:
        at: upper left corner of each box.
        shapes: arrows and boxes.
        frames: around boxes.
        label: what it shows, for those who do not see it.

    Returns:
        SVG.
    """
    edges = [_around(at, list(at), -1), *(_around(at, frame.names, frame.outer) for frame in frames)]
    left, top = min(each[0] for each in edges) - _MARGIN, min(each[1] for each in edges) - _MARGIN
    width, height = max(each[2] for each in edges) + _MARGIN - left, max(each[3] for each in edges) + _MARGIN - top
    around = "".join(_frame(frame, at) for frame in frames)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="{left} {top} {width} {height}" role="img" aria-label="{escape(label)}">'
        f"<style>{_STYLE}</style>{around}{shapes}</svg>\n"
    )


def _around(at: Mapping[str, Point], names: Sequence[str], outer: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a frame that has so many frames inside it; -1 for the boxes alone."""
    rim, head = _RIM * (outer + 1), (_RIM + _TITLE) * (outer + 1)
    xs, ys = [at[name][0] for name in names], [at[name][1] for name in names]
    return min(xs) - rim, min(ys) - head, max(xs) + WIDTH + rim, max(ys) + HEIGHT + rim


def _frame(frame: Frame, at: Mapping[str, Point]) -> str:
    left, top, right, bottom = _around(at, frame.names, frame.outer)
    return (
        f'<rect class="{frame.kind}" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" rx="10"/>'
        f'<text class="label {frame.kind}" x="{right - 10}" y="{top + 18}">{escape(frame.title)}</text>'
    )
