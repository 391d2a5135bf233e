"""What the logs of an environment are searched for, and when they count as complete."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra.verification.evidence import LogLine
from infra.verification.log_files import AccessLines, LogFiles
from infra.verification.logs import STEPS
from infra.verification.steps import CheckFailed
from infra.verification.target import Target

TRACEBACK = ["Traceback (most recent call last):", '  File "x.py", line 1', "ValueError: no such thing"]


class Program:
    """Prints what it was told to, and what it is asked, by id."""

    keys = SimpleNamespace(writing="key")

    def __init__(self, file: Path, *, answers: bool = True, logs_requests: bool = True) -> None:
        self.file, self.answers, self.logs_requests = file, answers, logs_requests
        self.file.touch()
        self.evidence = SimpleNamespace(logs=LogFiles(lambda: {file: "hokusai-mlflow"}))

    def prints(self, *lines: str) -> "Program":
        with self.file.open("a") as log:
            log.writelines(f"{line}\n" for line in lines)
        return self

    def ask(self, method: str, path: str, *, headers: Mapping[str, str], **_: Any) -> None:
        if not self.answers:
            raise CheckFailed("GET /version got no answer: refused")
        if self.logs_requests:
            self.prints(f'{{"kind":"access","request_id":"{headers["X-Request-Id"]}"}}')


def look(program: Program) -> str:
    [step] = STEPS
    return step.check(cast(Target, program))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(LogFiles, "patience_seconds", 0.2)
    return tmp_path / "log"


@pytest.mark.parametrize(
    "line",
    [
        '{"kind": "fault", "reason": "x"}',
        '{"kind":"fault"}',
        "2026-11-22 CRITICAL disk",
        "FATAL:  the database",
        "a: ERROR b",
    ],
)
def test_a_cry_for_help_is_found_with_its_line(file: Path, line: str) -> None:
    with pytest.raises(CheckFailed, match="hokusai-mlflow logged 1 times that something went wrong") as failed:
        look(Program(file).prints("all well", line))
    assert line in failed.value.message


def test_a_traceback_is_told_to_its_end(file: Path) -> None:
    with pytest.raises(CheckFailed) as failed:
        look(Program(file).prints(*TRACEBACK, "next"))
    assert all(line in failed.value.message for line in TRACEBACK)


@pytest.mark.parametrize("line", ['{"kind":"access","status":500}', "default", "ERRORS: 0", "x.ERROR"])
def test_what_only_looks_like_one_is_not(file: Path, line: str) -> None:
    assert look(Program(file).prints(line)).startswith("hokusai-mlflow: nothing up to request ")


def test_what_was_printed_before_does_not_count(file: Path) -> None:
    file.write_text("FATAL: long ago\n")
    assert look(Program(file))


def test_a_log_without_the_request_that_was_just_answered_is_not_complete(file: Path) -> None:
    with pytest.raises(CheckFailed, match="The log of no service has the request"):
        look(Program(file, logs_requests=False))


def test_faults_are_told_although_nobody_answers(file: Path) -> None:
    with pytest.raises(CheckFailed, match="FATAL: now"):
        look(Program(file, answers=False).prints("FATAL: now"))
    with pytest.raises(CheckFailed, match="whether the logs are complete: GET /version got no answer"):
        look(Program(file.with_name("other"), answers=False))


def test_other_tasks_lines_are_given_the_time_to_come(file: Path) -> None:
    class Slow:
        patience_seconds, settling_seconds = 5.0, 0.01

        def __init__(self) -> None:
            self.asked = 0
            self.mark = ""

        def lines(self, words: Sequence[str]) -> Mapping[str, list[LogLine]]:
            self.asked += 1
            late = [LogLine("a", "FATAL: late", "s", 1)] if self.asked > 2 else []
            marked = [LogLine("a", f"request {words[-1]}", "s", 0)] if self.asked > 1 else []
            return {"a": marked + late}

    program = Program(file)
    program.evidence = SimpleNamespace(logs=Slow())
    with pytest.raises(CheckFailed, match="FATAL: late"):
        look(program)


def access(at: str, outcome: str, path: str = "/version") -> str:
    return f'{{"kind":"access","time":"2026-11-22T10:{at}.000+00:00","outcome":"{outcome}","path":"{path}"}}'


def test_requests_are_counted_before_and_since_and_health_checks_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = 1_795_341_600.0  # 2026-11-22T10:00:00Z
    monkeypatch.setattr("infra.verification.log_files.time.time", lambda: began + 60)
    log, other = tmp_path / "gateway", tmp_path / "mlflow"
    lines = [
        '{"kind":"access","time":"2026-11-22T09:58:59.000+00:00","outcome":"server_error","path":"/"}',  # too early
        '{"kind":"access","time":"2026-11-22T09:59:30.000+00:00","outcome":"server_error","path":"/"}',
        access("00:10", "ok"),
        access("00:11", "aborted"),
        access("00:12", "client_error"),
        access("00:13", "server_error", "/health/mlflow"),
        '{"kind":"audit"}',
        '{"kind":"access","time":"2026-11-2',  # being written
    ]
    log.write_text("\n".join(lines))
    other.write_text(access("00:14", "server_error"))
    counts = AccessLines(lambda: {log: "hokusai-gateway", other: "hokusai-mlflow"}, "hokusai-gateway", began)
    [compared] = counts.compared(began + 12, 1)
    assert (compared.before.errors, compared.before.requests) == (1, 1)
    assert (compared.since.errors, compared.since.requests) == (1, 3)


def test_requests_that_are_not_counted_are_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.verification.log_files._PATIENCE_SECONDS", 0.2)
    with pytest.raises(CheckFailed, match="does not have the 20 requests"):
        AccessLines(dict, "hokusai-gateway", 0.0).compared(0.0, 20)


def test_the_words_that_are_searched_for_are_in_every_alarming_line() -> None:
    """CloudWatch is asked for these words alone."""
    from infra.verification.logs import _ALARMING, _WORDS

    for text in (TRACEBACK[0], '{"kind": "fault"}', "a CRITICAL b", "FATAL", "x: ERROR y"):
        assert _ALARMING.search(text)
        assert any(re.search(rf"\b{word}\b", text) for word in _WORDS)
