"""Does to a copy of the repository what a page tells a person to do.

Three forms are understood, each followed by a fenced block: "In `file`, below `line`:", "In `file`, instead of every
`text`:" and "New file `file`:". `<env>` stands for each environment, `<account>` for its account, `<digest>` for any
digest.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.environment import Environment

_STEP = re.compile(
    r"(?:[Ii]n `(?P<file>[^`]+)`, (?:below `(?P<below>[^`]+)`|instead of every `(?P<instead>[^`]+)`)"
    r"|New file `(?P<new>[^`]+)`)"
    r":\n\n```[a-z]*\n(?P<block>.*?)^```",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Step:
    """One instruction.

    Args:
        file: relative to the repository; may hold `<env>`.
        below: the block goes below the first line that begins with this; "" for another form.
        instead: the block takes the place of this text; "" for another form.
        block: what is written.
    """

    file: str
    below: str
    instead: str
    block: str


def steps(page: str) -> list[Step]:
    """The instructions of a page, in their order.

    Args:
        page: Markdown.
    """
    return [
        Step(found["file"] or found["new"], found["below"] or "", found["instead"] or "", found["block"])
        for found in _STEP.finditer(page)
    ]


def follow(page: str, copy: Path, environments: list[Environment]) -> None:
    """Do what a page says.

    Args:
        page: Markdown.
        copy: of the repository.
        environments: those of the repository.
    """
    for step in steps(page):
        for file, block in _written(step, environments):
            _do(copy / file, step, block)


def _written(step: Step, environments: list[Environment]) -> Iterator[tuple[str, str]]:
    if "<env>" not in step.file:
        yield step.file, step.block
        return
    for each in environments:
        block = step.block.replace("<account>", each.account_id).replace("<digest>", "ab12" * 16)
        yield step.file.replace("<env>", each.name), block


def _do(file: Path, step: Step, block: str) -> None:
    if not step.below and not step.instead:
        assert not file.exists(), f"{file} is there already"
        file.write_text(block)
        return
    text = file.read_text()
    if step.instead:
        assert step.instead in text, f"{file.name} has no {step.instead}: mend the page"
        file.write_text(text.replace(step.instead, block.removesuffix("\n")))
        return
    lines = text.splitlines(keepends=True)
    found = [number for number, line in enumerate(lines) if line.startswith(step.below)]
    assert found, f"{file.name} has no line that begins with {step.below!r}: mend the page"
    lines.insert(found[0] + 1, block)
    file.write_text("".join(lines))
