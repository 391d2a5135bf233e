"""The review as one HTML page that needs nothing else: no network, no server, and no script to be read."""

from collections.abc import Iterable, Iterator
from html import escape

from infra.review.gate import Verdict
from infra.review.model import AccessChange, Drift, Finding, ModuleNode, Review, Risk
from infra.review.reports.html_changes import change_entry, shown_after, shown_value, text
from infra.review.reports.module_map import NODE_LIMIT, module_map
from infra.review.reports.page import packaged, page
from infra.review.reports.words import (
    ACTION_SIGNS,
    RISK_WORDS,
    approvals,
    condition_counts,
    decision,
    headline,
    how_many,
    made_from,
    module_words,
    not_passed,
    subject,
)

# Of a list; the rest opens.
_OPEN_ROWS = 15


def html_report(review: Review, verdict: Verdict) -> str:
    """The page.

    Args:
        review: the review.
        verdict: what the gate says.

    Returns:
        A whole HTML document in UTF-8.
    """
    body = "\n".join(
        (
            _head(review, verdict),
            *_map(review.modules),
            *_access(review),
            _changes(review),
            *_findings(review.findings),
            *_conditions(review),
            *_drift(review),
            *_outputs(review),
            _facts(review),
        )
    )
    return page(f"Plan of {text(review.provenance.environment, 100)}", body, script=packaged(__package__, "page.js"))


def _head(review: Review, verdict: Verdict) -> str:
    destroys = "<p class=destroys>This plan destroys the whole environment.</p>" if review.provenance.destroy else ""
    given = approvals(verdict)
    reasons = "".join(f"<li>{text(reason)}</li>" for reason in verdict.reasons)
    return (
        f'<header class="verdict {verdict.decision}"><h1>'
        f"{text(subject(review))}: <span class=decision>{decision(verdict)}</span></h1>{destroys}"
        f"<p>{headline(review)}, {review.unchanged:,} unchanged</p>"
        f"{f'<p>{text(given)}</p>' if given else ''}{f'<ul>{reasons}</ul>' if reasons else ''}</header>"
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>"


def _rows(items: Iterable[str]) -> str:
    """A list; what is long comes first and stays short, so that the changes are not far away."""
    listed = [f"<li>{item}</li>" for item in items]
    rest = "".join(listed[_OPEN_ROWS:])
    more = f"{len(listed) - _OPEN_ROWS:,} more"
    hidden = f'<details><summary>{more}</summary><ul class="rows box">{rest}</ul></details>' if rest else ""
    return f'<ul class="rows box">{"".join(listed[:_OPEN_ROWS])}</ul>{hidden}'


def _badge(kind: str, word: str) -> str:
    return f'<span class="badge {kind}">{word}</span>'


def _code(of: str) -> str:
    return f"<code>{text(of)}</code>"


def _codes(names: tuple[str, ...], between: str) -> str:
    return between.join(_code(name) for name in names)


def _map(modules: tuple[ModuleNode, ...]) -> Iterator[str]:
    drawing = module_map(modules)
    if not drawing:
        return
    hidden = f" The map has the {NODE_LIMIT} that matter most." if len(modules) > NODE_LIMIT else ""
    rows = "".join(_module_row(module) for module in modules)
    yield _section(
        "What hangs on what changes",
        "<p class=soft>An arrow leads to what uses the module; a dotted one closes a circle. A dashed box does not "
        "change itself. Choose a changing module to see only its changes."
        f'{hidden}</p><div class="box scroll">{drawing}</div>'
        "<details><summary>As a table</summary><div class=scroll><table><thead><tr><th>module</th><th>changes</th>"
        f"<th>worst risk</th><th>depends on</th><th>hit by</th></tr></thead><tbody>{rows}</tbody></table></div>"
        "</details>",
    )


def _module_row(module: ModuleNode) -> str:
    cells = (
        ", ".join(f"{count:,} {ACTION_SIGNS[action]}" for action, count in module.actions.items() if count),
        RISK_WORDS[module.risk] if module.risk else "",
        ", ".join(module_words(each) for each in module.depends_on),
        ", ".join(module_words(each) for each in module.affected_by),
    )
    shown = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr><th>{escape(module_words(module.name))}</th>{shown}</tr>"


def _access(review: Review) -> Iterator[str]:
    unknown = (
        f"{_badge('data-loss', 'unknown')} {_code(each.address)}: {_code(each.attribute)} is known only after apply: "
        "nobody can review it"
        for each in review.unknown_access
    )
    items = [*unknown, *(_grant(access) for access in review.access)]
    if items:
        yield _section("Access", _rows(items))


def _grant(access: AccessChange) -> str:
    grant = access.grant
    badge = _badge("access", "opens") if access.widens else _badge("none", "closes")
    verb = {"Allow": "may", "Deny": "is denied"}[grant.effect]
    no_longer = "no longer: " if access.change == "removed" else ""
    conditions = f" if {_codes(grant.conditions, ' and ')}" if grant.conditions else ""
    return (
        f"{badge} {no_longer}{_code(grant.principal)} {verb} {_codes(grant.actions, ', ')} on "
        f"{_codes(grant.resources, ', ')}{conditions} <span class=soft>({text(access.address)})</span>"
    )


def _changes(review: Review) -> str:
    if not review.changes:
        return _section("Changes", "<p>No resource changes.</p>")
    filters = "".join(
        f'<button type="button" class="badge {risk}" aria-pressed="true" data-filter="{risk}">'
        f"{RISK_WORDS[risk]} {review.risks[risk]:,}</button>"
        for risk in Risk
        if review.risks[risk]
    )
    return _section(
        "Changes",
        '<div class="tools" hidden><input type="search" aria-label="Search the changes" '
        f'placeholder="Search address, attribute, value ( / )" autocomplete="off" spellcheck="false">{filters}'
        '<button type="button" data-open title="e">Open all</button>'
        '<button type="button" data-close title="c">Close all</button>'
        '<button type="button" data-all title="Esc" hidden>Show all</button>'
        '<span class="shown soft" role="status"></span></div>'
        f"{''.join(change_entry(change) for change in review.changes)}"
        "<p class=soft>Keys: / search, j and k next and previous, Enter opens, e and c open and close all, Esc shows "
        "all.</p>",
    )


def _findings(findings: tuple[Finding, ...]) -> Iterator[str]:
    items = [
        f"{_badge(each.severity, each.severity)} {_code(each.rule)} {text(each.title)}: {_code(each.where)}"
        f"<br>{text(each.message)} {text(each.remedy)}"
        for each in findings
    ]
    if items:
        yield _section(how_many(len(findings), "finding"), _rows(items))


def _conditions(review: Review) -> Iterator[str]:
    failed = (
        f"{_code(each.address)} {text(each.status)}: {text('; '.join(each.messages))}"
        for each in not_passed(review.checks)
    )
    if review.checks:
        yield _section("Conditions", _rows([*failed, condition_counts(review.checks)]))


def _drift(review: Review) -> Iterator[str]:
    items = [_drifted(drift) for drift in review.drift]
    if review.drift_elsewhere:
        items.append(f"{review.drift_elsewhere:,} others do not meet this plan")
    if items:
        yield _section("Changed outside Terraform", _rows(items))


def _drifted(drift: Drift) -> str:
    gone = " is gone" if drift.action == "delete" else ""
    attributes = "".join(
        f"<br>{_code(each.path)}: {shown_value(each.before)} → {shown_after(each.after, each.unknown)}"
        for each in drift.attributes
    )
    return f"{_code(drift.address)}{gone}{attributes}"


def _outputs(review: Review) -> Iterator[str]:
    rows = "".join(
        f"<tr><th>{text(each.name)}</th><td class=go>{shown_value(each.before)}</td>"
        f"<td class=come>{shown_after(each.after, each.unknown)}</td></tr>"
        for each in review.outputs
    )
    if rows:
        head = "<thead><tr><th>output</th><th>now</th><th>planned</th></tr></thead>"
        yield _section("Outputs", f"<div class=box><table class=attributes>{head}<tbody>{rows}</tbody></table></div>")


def _facts(review: Review) -> str:
    rows = "".join(f"<dt>{name}</dt><dd><code>{escape(fact)}</code></dd>" for name, fact in made_from(review))
    secrets = f"<dt>Secrets</dt><dd>{how_many(review.secrets, 'value')} redacted</dd>"
    return _section("What this plan is", f"<div class=box><dl>{rows}{secrets}</dl></div>")
