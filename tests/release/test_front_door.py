"""The front door is asked until it answers, or patience ends; in an emulated account there is none, which is said."""

import http.server
import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from infra.console import Step
from infra.release.front_door import answer, check
from tests.release.test_connection import ACCOUNT

OUTPUTS = {"hosts": {"registry": "registry.hokus.ai"}}


def test_asked_until_it_answers() -> None:
    asked: list[str] = []
    answers = iter(["it answered 503", "connection refused", ""])

    def ask(address: str) -> str:
        asked.append(address)
        return next(answers)

    health = check(ACCOUNT, OUTPUTS, Step("t"), pause_seconds=0, ask=ask)
    assert health.healthy
    assert asked == ["https://registry.hokus.ai/health"] * 3


def test_patience_ends() -> None:
    health = check(ACCOUNT, OUTPUTS, Step("t"), patience_seconds=0, pause_seconds=0, ask=lambda _: "it answered 503")
    assert health.healthy is False
    assert "it answered 503" in health.told


def test_no_host_is_not_healthy() -> None:
    assert check(ACCOUNT, {}, Step("t"), ask=lambda _: "").healthy is False


def test_an_emulated_account_runs_nothing() -> None:
    health = check(replace(ACCOUNT, emulated=object()), OUTPUTS, Step("t"))  # type: ignore[arg-type]
    assert (health.healthy, health.told) == (None, "not verified: emulated account runs nothing")


@pytest.fixture
def server() -> Iterator[str]:
    statuses = itertools.chain([503, 200], itertools.repeat(404))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(next(statuses))
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - its name
            """Nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}/health"
        listening.shutdown()


def test_one_question(server: str) -> None:
    assert [answer(server) for _ in range(3)] == ["it answered 503", "", "it answered 404"]
    assert "refused" in answer("http://127.0.0.1:9/health")
