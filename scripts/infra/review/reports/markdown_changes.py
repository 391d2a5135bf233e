"""Changes in Markdown, at the length that there is room for."""

from collections import Counter
from collections.abc import Iterator

from infra.review.model import Change
from infra.review.reports.fitting import Form, LeftOut, Piece
from infra.review.reports.lines import difference
from infra.review.reports.markdown_text import code, fenced, prose
from infra.review.reports.words import ACTION_SIGNS, ACTION_WORDS, RISK_MARKS, RISK_WORDS, how_many

_VALUE = 200
_LINES = 40


def change_piece(change: Change) -> Piece:
    """A change that is shown for itself: one line, and its attributes where there is room.

    Args:
        change: any.
    """
    left_out = Counter({"changes without their attributes": 1}) if change.attributes else Counter[str]()

    def fuller(_: int) -> Iterator[Form]:
        if change.attributes:
            yield _with_attributes(change)

    absent = Counter({f"changes with the risk of {RISK_WORDS[change.risk]}": 1})
    return Piece(Form(_one_line(change), left_out), absent, fuller)


def _one_line(change: Change) -> str:
    consequences = "; ".join(prose(each.text, 200) for each in change.consequences[:3])
    forced = ", ".join(code(path, 80) for path in change.replace_paths[:5])
    more = f" and {len(change.replace_paths) - 5} more" if len(change.replace_paths) > 5 else ""
    return (
        f"- {RISK_MARKS[change.risk]} {code(ACTION_SIGNS[change.action])} {code(change.key)} "
        f"**{ACTION_WORDS[change.action]}**: {consequences}"
        f"{f', moved from {code(change.previous_address)}' if change.previous_address else ''}"
        f"{f', imported as {code(change.import_id)}' if change.import_id else ''}"
        f"{f' ({prose(change.reason, 200)})' if change.reason else ''}"
        f"{f', forced by {forced}{more}' if forced else ''}"
        f"{' · **must be acknowledged**' if change.needs_acknowledgement else ''}\n"
    )


def _with_attributes(change: Change) -> Form:
    lines = list(difference(change, _VALUE))
    left_out: LeftOut = Counter()
    if len(lines) > _LINES:
        left_out["changes without some of their attributes"] = 1
        lines = [*lines[:_LINES], f"# … {len(lines) - _LINES:,} lines more"]
    block = fenced(lines, "diff")
    count = how_many(len(change.attributes), "attribute")
    return Form(
        f"{_one_line(change)}  <details><summary>{count}</summary>\n\n{_indented(block)}\n\n  </details>\n", left_out
    )


def _indented(block: str) -> str:
    return "\n".join(f"  {row}" for row in block.split("\n"))


def module_piece(name: str, changes: list[Change]) -> Piece:
    """The changes of a module: counted, then a line for each as far as there is room, then with their attributes.

    Args:
        name: of the module as the root calls it; "" for the root.
        changes: in it.
    """
    counts = Counter(change.action for change in changes)
    tally = ", ".join(f"{count:,} {ACTION_WORDS[action]}" for action, count in counts.items())
    title = f"{code(name) if name else '(root)'}: {tally}"
    count = len(changes)

    def opened(parts: list[str]) -> str:
        return (
            f"- {title}\n  <details><summary>{how_many(count, 'change')}</summary>\n\n{''.join(parts)}\n  </details>\n"
        )

    def fuller(room: int) -> Iterator[Form]:
        without = sum(bool(change.attributes) for change in changes)
        lines = [_indented(_one_line(change).rstrip("\n")) + "\n" for change in changes]
        whole = Form(opened(lines), Counter({"changes without their attributes": without}))
        if whole.size <= room:
            forms = [_with_attributes(change) if change.attributes else Form(_one_line(change), Counter())
                     for change in changes]  # fmt: skip
            parts = [_indented(form.text.rstrip("\n")) + "\n" for form in forms]
            yield Form(opened(parts), sum((form.left_out for form in forms), Counter()))
        yield whole
        room -= len(opened([]).encode()) + 100
        shown = 0
        for text in lines:
            room -= len(text.encode())
            if room < 0:
                break
            shown += 1
        if shown:
            rest = f"  - … {count - shown:,} more\n"
            left_out = Counter({"changes only counted": count - shown, "changes without their attributes": shown})
            yield Form(opened([*lines[:shown], rest]), left_out)

    return Piece(
        Form(f"- {title}\n", Counter({"changes only counted": count})), Counter({"changes not shown": count}), fuller
    )
