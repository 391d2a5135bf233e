"""When what ran, as SVG: the steps, then the tasks."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from infra.preflight.platform.model import Task
from infra.preflight.record import PreflightRecord
from infra.review.reports.text import line

_LABELS, _WIDTH, _ROW, _BAR, _MARGIN = 290, 1180, 22, 14, 8
_STEPS_OF_AXIS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
_TICKS = 12


@dataclass(frozen=True)
class _Bar:
    """A row of the timeline; times in seconds from the start of the run."""

    label: str
    kind: str
    start: float
    middle: float
    end: float
    hint: str


def timeline(record: PreflightRecord) -> str:
    """Draw the timeline.

    Args:
        record: a finished preflight.

    Returns:
        SVG whose text is escaped; "" when nothing ran.
    """
    bars = [*_steps(record), *_tasks(record)]
    if not bars:
        return ""
    length = max(record.seconds, *(bar.end for bar in bars), 0.1)
    height = 2 * _MARGIN + (len(bars) + 1) * _ROW
    scale = (_WIDTH - _LABELS - _MARGIN) / length
    rows = "".join(_row(bar, number, scale) for number, bar in enumerate(bars, 1))
    return (
        f'<svg class="timeline" xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" role="group" aria-label="Timeline">{_axis(length, scale, height)}{rows}</svg>'
    )


def _steps(record: PreflightRecord) -> Iterator[_Bar]:
    for result in record.results:
        start = result.started - record.started
        end = start + result.seconds
        kind = f"step {result.outcome.replace(' ', '-')}"
        yield _Bar(result.name, kind, start, start, end, f"{result.name}: {result.outcome}, {result.seconds:.1f} s")


def _tasks(record: PreflightRecord) -> Iterator[_Bar]:
    for task in record.tasks:
        start = task.created - record.started
        end = (task.stopped or record.started + record.seconds) - record.started
        running = (task.started or task.stopped or record.started + record.seconds) - record.started
        yield _Bar(
            task.name.removeprefix("hokusai-"),
            f"task {_ended(task)}",
            start,
            running,
            end,
            f"{task.name}: {_described(task)}",
        )


def _ended(task: Task) -> str:
    return "failed" if task.exit_code or task.health == "UNHEALTHY" else "passed"


def _described(task: Task) -> str:
    return task.stopped_reason or f"{task.state}, {task.health}"


def _axis(length: float, scale: float, height: int) -> str:
    every = next((step for step in _STEPS_OF_AXIS if length / step <= _TICKS), _STEPS_OF_AXIS[-1])
    ticks = [number * every for number in range(int(length / every) + 1)]
    return "".join(
        f'<path class="tick" d="M{_LABELS + tick * scale:.1f} {_MARGIN + 14}V{height - _MARGIN}"/>'
        f'<text class="counts" x="{_LABELS + tick * scale:.1f}" y="{_MARGIN + 8}">{tick} s</text>'
        for tick in ticks
    )


def _row(bar: _Bar, number: int, scale: float) -> str:
    y = _MARGIN + number * _ROW
    pending = _rectangle("pending", bar.start, bar.middle, y, scale) if bar.middle > bar.start else ""
    return (
        f'<g class="{bar.kind}"><title>{escape(line(bar.hint))}</title>'
        f'<text x="{_MARGIN}" y="{y + 11}">{escape(line(bar.label, 44))}</text>{pending}'
        f"{_rectangle('bar', bar.middle, bar.end, y, scale)}</g>"
    )


def _rectangle(kind: str, start: float, end: float, y: int, scale: float) -> str:
    width = max((end - start) * scale, 1.5)
    return (
        f'<rect class="{kind}" x="{_LABELS + start * scale:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="3"/>'
    )
