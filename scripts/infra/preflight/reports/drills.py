"""The drills of a preflight as rows of a table, and as lines of time in SVG."""

from collections.abc import Iterator
from html import escape

from infra.preflight.drills.report import DrillReport
from infra.preflight.record import PreflightRecord
from infra.review.reports.text import line

HEADS = ("drill", "what was done", "requests", "failed", "longest wait", "whole again", "steady again", "read back")
_LABELS, _WIDTH, _ROW, _BAR, _MARGIN = 290, 1180, 26, 14, 8


def drill_rows(record: PreflightRecord) -> Iterator[tuple[str, ...]]:
    """What clients saw of each drill.

    Args:
        record: a finished preflight.

    Yields:
        Cells as in `HEADS`, as plain text.
    """
    for drill in record.drills:
        seen = drill.view
        failed = ", ".join(f"{count}x {kind}" for kind, count in seen.failures.items())
        yield (
            drill.name,
            drill.did + (f" ({drill.phase_words})" if drill.phases else ""),
            str(seen.requests),
            failed or "none",
            f"{seen.longest:.1f} s",
            _seconds(seen.out) if failed else "always",
            _seconds(drill.steady),
            drill.read_back,
        )


def drill_lines(record: PreflightRecord) -> str:
    """Draw each drill from its fault on: how long the fault lasted, when requests failed, when all was well again.

    Args:
        record: a finished preflight.

    Returns:
        SVG whose text is escaped; "" without drills.
    """
    if not record.drills:
        return ""
    longest = max([_end(drill) for drill in record.drills] + [0.1])
    scale = (_WIDTH - _LABELS - _MARGIN) / longest
    height = 2 * _MARGIN + len(record.drills) * _ROW
    rows = "".join(_row(drill, number, scale) for number, drill in enumerate(record.drills))
    return (
        f'<svg class="timeline drills" xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" role="group" aria-label="Drills">{rows}</svg>'
    )


def _row(drill: DrillReport, number: int, scale: float) -> str:
    y, end = _MARGIN + number * _ROW, _end(drill)
    marks = "".join(
        f'<path class="lost" d="M{_LABELS + at * scale:.1f} {y}v{_BAR}"/>' for at in drill.view.failed_at if at >= 0
    )
    after = f"steady after {end:.1f} s" if drill.steady is not None else "not steady again"
    return (
        f"<g><title>{escape(line(drill.words))}</title>"
        f'<text x="{_MARGIN}" y="{y + 11}">{escape(line(drill.name, 24))}</text>'
        f'<text class="counts" x="150" y="{y + 11}">{after}</text>'
        f"{_rectangle('until-steady', 0, end, y, scale)}{_rectangle('fault', 0, drill.undone, y, scale)}{marks}</g>"
    )


def _rectangle(kind: str, start: float, end: float, y: int, scale: float) -> str:
    width = max((end - start) * scale, 1.5)
    return (
        f'<rect class="{kind}" x="{_LABELS + start * scale:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="3"/>'
    )


def _end(drill: DrillReport) -> float:
    return max(drill.undone, drill.steady or 0.0, *drill.view.failed_at, 0.0)


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"after {seconds:.1f} s"
