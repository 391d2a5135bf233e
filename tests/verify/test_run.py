"""A verification from its first step to the last, with a registry and a client in memory."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from xml.etree import ElementTree

import pytest

from infra.environment import Environment
from infra.errors import InfraError
from infra.preflight.origins import Origins
from infra.release.ledger.entry import Kind, Outcome
from infra.verification.api_keys import Keys
from infra.verification.exchange import Exchange
from infra.verification.live_steps import LiveSteps
from infra.verification.registration import CLEANUP
from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target
from infra.verify.chosen_steps import Chosen
from infra.verify.ledger import entry_of
from infra.verify.record import VerificationRecord
from infra.verify.reports import json_report, junit_report, write_reports
from infra.verify.run import Verification
from infra.verify.running_images import RunningImages

KEY = "hk_live_0123456789"


class Client:
    """Remembers what it was asked; `cleanup` ends as it was told."""

    name = "verify-12345678"

    def __init__(self, *ends: BaseException | str) -> None:
        self.ends, self.did = list(ends), []

    def step(self, name: str) -> str:
        self.did.append(name)
        end = self.ends.pop(0) if self.ends else "3 models removed"
        if isinstance(end, str):
            return end
        raise end

    def close(self) -> None:
        self.did.append("close")


def passes(_target: Target) -> str:
    return f"all well with {KEY}"


def fails(_target: Target) -> str:
    url = f"https://registry.x/api?api_key={KEY}"
    answer = Exchange("GET", url, {"Authorization": f"Bearer {KEY}"}, 500, {}, f"you sent {KEY}".encode(), 0.1, 0.0)
    raise CheckFailed(f"{answer.request_line} answers 500", exchange=answer, remedy=f"Not {KEY}.")


def crashes(_target: Target) -> str:
    raise KeyError(KEY)


def interrupted(_target: Target) -> str:
    raise KeyboardInterrupt


BEARER = Step("bearer-auth", "A key opens", passes)
BAD = Step("bad", "It is broken", fails)
CRASH = Step("crash", "It crashes", crashes)
LONG = Step("long", "It takes long", interrupted)


def verification(client: Client, *steps: Step[Target], whole: bool = True) -> Verification:
    target = SimpleNamespace(environment="x", client=client, keys=Keys(KEY), emulated=False)
    chosen = Chosen(tuple(steps), (), (("scopes", "VERIFY_READING_KEY is not set"),), whole)
    images = RunningImages({"gateway": "repository@sha256:aa"}, {"gateway": "arn:7"})
    return Verification(cast(Target, target), chosen, images, Origins([]), LiveSteps(), "aws 1")


def run(client: Client, *steps: Step[Target]) -> VerificationRecord:
    return verification(client, *steps).run()


def test_a_step_that_could_not_run_has_not_passed() -> None:
    record = run(Client(), BAD, Step("needs-bad", "n", passes, needs=("bad",)), BEARER, CLEANUP)
    assert not record.passed
    assert record.not_passed == ["bad", "needs-bad"]
    assert not run(Client(), BEARER, Step("needs-more", "n", passes, needs=("never-run",))).passed
    assert record.headline.startswith("2 of 4 steps did not pass, in 0 s: bad, needs-bad.")


def test_what_was_made_is_removed_after_a_failure() -> None:
    client = Client()
    run(client, BEARER, BAD, CLEANUP)
    assert client.did == ["cleanup"]


def test_what_was_made_is_removed_after_an_interruption_by_a_new_client() -> None:
    client = Client()
    record = run(client, BEARER, LONG, CLEANUP)
    assert client.did == ["close", "cleanup"]
    assert record.interrupted
    assert not record.passed
    assert [(each.name, str(each.outcome)) for each in record.results] == [
        ("bearer-auth", "passed"),
        ("cleanup", "passed"),
    ]


def test_where_nothing_was_made_nothing_is_removed() -> None:
    client = Client()
    run(client, LONG, BEARER, CLEANUP)
    assert client.did == []
    client = Client()
    run(client, BEARER, CLEANUP, LONG)
    assert client.did == ["cleanup"]


def test_what_could_not_be_removed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    client = Client(
        CheckFailed("The MLflow client fails in cleanup: could not be removed: model verify-12345678-a (403)")
    )
    record = run(client, BEARER, LONG, CLEANUP)
    assert record.not_passed == ["cleanup"]
    assert "model verify-12345678-a (403)" in capsys.readouterr().out


def test_a_second_interruption_says_what_may_be_left() -> None:
    with pytest.raises(InfraError, match="names begin with verify-12345678 may be left in the registry of x") as error:
        run(Client(KeyboardInterrupt()), BEARER, LONG, CLEANUP)
    assert error.value.exit_code == 130


def texts(capsys: pytest.CaptureFixture[str], record: VerificationRecord) -> dict[str, str]:
    printed = capsys.readouterr()
    entry = entry_of("arn:aws:iam::1:user/ada", record)
    return {
        "terminal": printed.out + printed.err,
        "JUnit": junit_report(record),
        "JSON": json_report(record),
        "ledger": json.dumps([entry.note, dict(entry.details)]),
    }


def test_no_key_is_ever_told(capsys: pytest.CaptureFixture[str]) -> None:
    record = run(Client(f"removed with {KEY}"), BEARER, BAD, CRASH, CLEANUP)
    for where, text in texts(capsys, record).items():
        assert KEY not in text, where
        assert where == "ledger" or "***" in text, where


def test_the_reports_say_what_failed_and_what_to_do(tmp_path: Path) -> None:
    record = run(Client(), BEARER, BAD, CLEANUP)
    environment = cast(Environment, SimpleNamespace(build=tmp_path / "x"))
    files = write_reports(record, environment)
    suite = ElementTree.parse(files.junit).getroot()[0]  # noqa: S314 - written by ourselves
    assert {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "0",
    }
    [failure] = list(suite.iter("failure"))
    assert "Authorization: Bearer ***" in (failure.text or "")
    document = json.loads(files.document.read_text())
    assert document["outcome"] == "failed"
    assert document["images"] == {"gateway": "repository@sha256:aa"}
    assert document["left_out"] == {"scopes": "VERIFY_READING_KEY is not set"}
    [bad] = [step for step in document["steps"] if step["name"] == "bad"]
    assert bad["finding"]["remedy"] == "Not ***."
    assert [path.stat().st_mode & 0o777 for path in (files.junit, files.document)] == [0o600, 0o600]


def test_an_interrupted_one_is_an_error_in_junit() -> None:
    record = run(Client(), BEARER, LONG, CLEANUP)
    suite = ElementTree.fromstring(junit_report(record))[0]  # noqa: S314 - written by ourselves
    assert suite.attrib["errors"] == "1"
    assert json.loads(json_report(record))["outcome"] == "interrupted"


@pytest.mark.parametrize(("steps", "outcome"), [((BEARER,), Outcome.SUCCEEDED), ((BEARER, BAD), Outcome.FAILED)])
def test_the_entry_names_what_was_verified(steps: Any, outcome: Outcome) -> None:
    record = entry_of("arn:aws:iam::1:user/ada", run(Client(), *steps))
    assert (record.kind, record.outcome, record.environment) == (Kind.VERIFICATION, outcome, "x")
    assert record.images == {"gateway": "repository@sha256:aa"}
    assert record.details["steps"] == {step.name: "failed" if step is BAD else "passed" for step in steps}
    assert record.details["task_definitions"] == {"gateway": "arn:7"}
    assert record.details["left_out"] == {"scopes": "VERIFY_READING_KEY is not set"}
    assert (record.state, record.closes) == (None, 0)
    assert record.started <= record.ended
