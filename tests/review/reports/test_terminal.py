"""What a person reads on a terminal or in a log."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from infra.review.gate import Verdict
from infra.review.model import Action, Change, Consequence, Review, Risk
from infra.review.reports.terminal import print_review
from tests.review.reports.samples import (
    ALLOWED,
    HOSTILE_VERDICT,
    WAITING,
    change,
    hostile,
    large,
    review,
    typical,
)

_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def _printed(
    of: Review,
    verdict: Verdict,
    *,
    terminal: bool = False,
    width: int = 100,
    environment: dict[str, str] | None = None,
    short: bool = False,
) -> str:
    file = io.StringIO()
    colours = {"TERM": "xterm-256color"} if environment is None else environment
    console = Console(file=file, force_terminal=terminal, width=width, highlight=False, emoji=False, _environ=colours)
    print_review(of, verdict, "build/production/review/review.html", console, short=short)
    return file.getvalue()


def test_the_verdict_is_last_and_the_dangerous_part_first() -> None:
    lines = _printed(typical(), WAITING).splitlines()
    assert lines[-1] == "production: waits, 2 reasons"
    assert lines[1] == "Dangerous changes"
    assert "aws_cloudwatch_log_group.a  data loss" in lines[2]


def test_it_says_what_forces_a_replacement_and_what_access_is_gained() -> None:
    text = _printed(typical(), WAITING)
    assert 'bucket: "hokusai-mlflow-artifacts" → "hokusai-artifacts" forces the replacement' in text
    assert "forced by bucket" in text
    assert "opens  role hokusai-gateway may s3:PutObject, s3:DeleteObject on arn:aws:s3:::" in text
    assert "must be acknowledged" in text
    assert "unknown aws_kms_key.this: policy" in text


def test_a_log_has_no_escapes_and_no_broken_lines() -> None:
    text = _printed(typical(), WAITING, width=40)
    assert "\x1b" not in text
    assert 'module.artifact_bucket["main"].aws_s3_bucket.this  data loss\n' in text


def test_a_terminal_has_colours_unless_they_are_not_wanted() -> None:
    assert _COLOUR.search(_printed(typical(), WAITING, terminal=True))
    plain = _printed(typical(), WAITING, terminal=True, environment={"TERM": "xterm-256color", "NO_COLOR": "1"})
    assert not re.search(r"\x1b\[[\d;]*3[0-7]", plain)


@pytest.mark.parametrize("width", [30, 60, 200])
def test_a_narrow_terminal_loses_nothing(width: int) -> None:
    text = _COLOUR.sub("", _printed(typical(), WAITING, terminal=True, width=width))
    assert max(len(line) for line in text.splitlines()) <= width
    joined = re.sub(r"\s+", "", text)
    for words in ('module.artifact_bucket["main"].aws_s3_bucket.this', "forces the replacement", "waits, 2 reasons"):
        assert words.replace(" ", "") in joined


@pytest.mark.parametrize("terminal", [True, False])
def test_a_hostile_plan_does_nothing_to_the_terminal(terminal: bool) -> None:
    text = _COLOUR.sub("", _printed(hostile(), HOSTILE_VERDICT, terminal=terminal))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    assert "\\x1b[2J" in text
    assert "[bold red]rich[/bold red]" in text


def test_a_large_plan_is_short_and_says_what_is_not_shown() -> None:
    text = _printed(large(risk=Risk.OUTAGE), WAITING)
    assert len(text.splitlines()) < 1_000
    assert "… and 4,950 more" in text
    assert "entries not shown here; everything: build/production/review/review.html" in text
    assert text.splitlines()[-1] == "production: waits, 2 reasons"


def test_the_short_form_leaves_out_no_loss_and_no_outage() -> None:
    doors = [change(f"aws_security_group.door{number:02}", Action.UPDATE, Risk.ACCESS) for number in range(30)]
    losses = [change(f"aws_s3_bucket.kept{number:02}", Action.DELETE, Risk.DATA_LOSS) for number in range(20)]
    few = _printed(review(*doors), WAITING, short=True)
    assert few.count("aws_security_group.door") == 12
    assert "… and 18 more" in few
    assert "18 entries not shown here" in few
    text = _printed(review(*losses, *doors), WAITING, short=True)
    assert all(f"aws_s3_bucket.kept{number:02}" in text for number in range(20))
    assert "… and 30 more" in text


def test_the_short_form_says_once_what_is_said_of_many() -> None:
    doors = [change(f"aws_security_group.door{number:02}", Action.CREATE, Risk.ACCESS) for number in range(30)]
    grants = [
        replace(
            each, grant=replace(each.grant, principal=f"role {number % 2}"), address=f"aws_iam_role_policy.p{number}"
        )
        for number in range(20)
        for each in typical().access[:1]
    ]
    of = review(*doors, change("aws_vpc.this", Action.CREATE), access=tuple(grants))
    text = _printed(of, WAITING, short=True)
    assert "  + 30 aws_s3_bucket  access\n" in text
    assert "aws_security_group.door00 and 29 more" in text
    assert "role 0: 10 grants of s3" in text
    assert "entries not shown" not in text
    whole = _printed(of, WAITING)
    assert all(door.address in whole for door in doors)
    assert whole.count("role 0 may") == 10


def _acknowledged(address: str) -> Change:
    consequences = (Consequence(Risk.ACCESS, "says the same", acknowledge=True),)
    return replace(change(address, Action.CREATE), consequences=consequences)


def test_the_short_form_never_puts_a_loss_an_outage_or_a_namesake_into_a_group() -> None:
    changes = [
        change("aws_a.x", Action.CREATE, Risk.OUTAGE),
        change("aws_a.y", Action.CREATE, Risk.OUTAGE),
        _acknowledged("aws_b.x"),
        _acknowledged("aws_b.y"),
        change("aws_c.x", Action.UPDATE, Risk.ACCESS),
        change("aws_c.x", Action.UPDATE, Risk.ACCESS, "another consequence of the same address"),
    ]
    text = _printed(review(*changes), WAITING, short=True)
    for each in changes:
        assert f"  {each.address}  " in text.replace("+ ", "  ").replace("~ ", "  ")
    assert "another consequence of the same address" in text


def test_a_plan_that_changes_nothing() -> None:
    lines = _printed(review(unchanged=7), ALLOWED).splitlines()
    assert lines[-2:] == ["nothing changes, 7 unchanged", "production: may be applied"]


def test_the_destruction_of_everything_is_said() -> None:
    of = review(change("aws_x.y", Action.DELETE, Risk.DATA_LOSS))
    text = _printed(replace(of, provenance=replace(of.provenance, destroy=True)), WAITING)
    assert "This plan destroys the whole environment." in text
