"""A preflight as one HTML page that needs nothing else: findings, steps, timeline, topology, what the tasks did."""

from collections.abc import Iterable, Iterator, Sequence

from infra.preflight.platform.model import Task
from infra.preflight.record import PreflightRecord, Verdict
from infra.preflight.reports.drills import HEADS, drill_lines, drill_rows
from infra.preflight.reports.timeline import timeline
from infra.preflight.reports.topology_map import topology_map
from infra.preflight.reports.words import account_words, headline, made_from
from infra.review.reports.html_changes import text
from infra.review.reports.page import packaged, page
from infra.verification.finding import Finding
from infra.verification.live_steps import MARKS
from infra.verification.steps import Outcome

_LOOKS = {Verdict.PASSED: "allowed", Verdict.FAILED: "forbidden", Verdict.NOT_KNOWN: "waits"}
_LOG_LINES = 200
_LONG = 4_000


def html_report(record: PreflightRecord) -> str:
    """The page.

    Args:
        record: a finished preflight.

    Returns:
        A whole HTML document in UTF-8.
    """
    body = "\n".join(
        (
            _head(record),
            *(_finding(finding) for finding in record.findings),
            _steps(record),
            *_drills(record),
            *_drawing("When what ran", timeline(record)),
            *_drawing("What was started, and which rule led where", topology_map(record)),
            *_lanes(record),
            *_refusals(record),
            *_calls(record),
            *_tasks(record),
            _facts(record),
        )
    )
    return page(f"Preflight of {text(record.environment)}", body, style=packaged(__package__, "report.css"))


def _head(record: PreflightRecord) -> str:
    reason = f"<p>{text(record.reason, _LONG)}</p>" if record.reason else ""
    return (
        f'<header class="verdict {_LOOKS[record.verdict]}"><h1>Preflight of {text(record.environment)}: '
        f"<span class=decision>{record.verdict}</span></h1><p>{text(headline(record))}</p>{reason}</header>"
    )


def _finding(finding: Finding) -> str:
    facts = [
        ("Resource", f"<code>{text(finding.blamed)}</code> {text(finding.address)}" if finding.blamed else ""),
        ("Lines", f"<code>{text(finding.places)}</code>" if finding.places else ""),
        ("To do", text(finding.remedy)),
    ]
    rows = "".join(f"<dt>{name}</dt><dd>{fact}</dd>" for name, fact in facts if fact)
    exchange = f"<p>Request and answer</p>{_pre(finding.exchange)}" if finding.exchange else ""
    settings = f"<p>Its settings</p>{_pre(finding.settings)}" if finding.settings else ""
    log = f"<p>Last lines of {text(finding.log_of)}</p>{_pre(finding.log)}" if finding.log else ""
    return (
        f'<section class="finding"><h3>{text(finding.step)}</h3>{_pre(finding.message)}<dl>{rows}</dl>'
        f"{exchange}{settings}{log}</section>"
    )


def _pre(content: str) -> str:
    return f"<pre>{'<br>'.join(text(line) for line in content.splitlines())}</pre>"


def _steps(record: PreflightRecord) -> str:
    rows = "".join(
        f'<tr class="{result.outcome.replace(" ", "-")}"><td>{MARKS[result.outcome]} {text(result.name)}</td>'
        f"<td>{text(result.about)}</td><td>{text(result.seen, 300)}</td>"
        f"<td class=soft>{text(result.formerly)}</td><td>{result.seconds:.1f} s</td></tr>"
        for result in record.results
    )
    head = "<tr><th>step</th><th>what holds</th><th>what was seen</th><th>formerly</th><th>time</th></tr>"
    passed = sum(result.outcome is Outcome.PASSED for result in record.results)
    return _section(
        f"{passed} of {len(record.results)} steps passed",
        f'<div class="box scroll"><table class="steps"><thead>{head}</thead><tbody>{rows}</tbody></table></div>',
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>"


def _drawing(title: str, svg: str) -> Iterator[str]:
    if svg:
        yield _section(title, f'<div class="box scroll">{svg}</div>')


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{text(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f'<div class="box scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _drills(record: PreflightRecord) -> Iterator[str]:
    if record.drills:
        yield _section("Drills: what clients saw while faults happened", _table(HEADS, drill_rows(record)))
        legend = "From the fault on: while it lasted, until everything was steady again, and each request that failed"
        yield from _drawing(legend, drill_lines(record))


def _lanes(record: PreflightRecord) -> Iterator[str]:
    if record.topology:
        rows = (
            (f"{way.load_balancer} {way.listener}", way.rule, way.conditions, way.outcome, way.requests, way.place)
            for way in record.topology.lanes
        )
        yield _section("Rules", _table(("load balancer", "rule", "takes", "leads to", "requests", "line"), rows))


def _refusals(record: PreflightRecord) -> Iterator[str]:
    if record.refusals:
        rows = (
            (each.source, f"{each.destination} {each.address}:{each.port}", each.reason, each.times)
            for each in record.refusals
        )
        yield _section("Connections that were refused", _table(("from", "to", "why", "times"), rows))


def _calls(record: PreflightRecord) -> Iterator[str]:
    if record.aws_calls:
        rows = (
            (
                "✓" if call.allowed else "✗ denied",
                call.role_arn.rpartition("/")[2],
                call.action,
                call.resource,
                call.times,
                call.reason,
            )
            for call in sorted(record.aws_calls, key=lambda call: (call.allowed, call.role_arn, call.action))
        )
        table = _table(("", "role", "action", "resource", "times", "why"), rows)
        count = f"<summary>{len(record.aws_calls)} kinds of calls</summary>"
        yield _section("What the tasks asked of AWS", f"<details>{count}{table}</details>")


def _tasks(record: PreflightRecord) -> Iterator[str]:
    if record.tasks:
        yield _section("Tasks", "".join(_task(task, record.logs.get(task.id, "")) for task in record.tasks))


def _task(task: Task, log: str) -> str:
    facts = f"at {task.address}, {task.state}, {task.health}, at most {task.peak_memory_mib} MiB"
    last = "\n".join(log.splitlines()[-_LOG_LINES:]) or "printed nothing"
    return f"<details><summary>{text(task.name)} <span class=soft>{text(facts)}</span></summary>{_pre(last)}</details>"


def _facts(record: PreflightRecord) -> str:
    limits = (("Not checked on this machine", each) for each in record.limits)
    facts = [*made_from(record), ("Account", account_words(record)), *limits]
    rows = "".join(f"<dt>{text(name)}</dt><dd>{text(fact)}</dd>" for name, fact in facts)
    return _section("What this preflight is", f"<div class=box><dl>{rows}</dl></div>")
