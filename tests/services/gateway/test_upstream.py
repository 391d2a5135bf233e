"""Connections that are kept: not to a task that the name does not lead to any more."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from gateway import upstream
from gateway.setting_values import Service
from gateway.upstream import Pool, Request
from tests.services.gateway.scripted_upstream import ScriptedUpstream, running_upstream

OLD, NEW = "127.0.0.1", "127.0.0.2"
NAME_SECONDS = 0.05
ASKED = Request("GET", b"GET / HTTP/1.1\r\nHost: mlflow.local\r\n\r\n")


@pytest.fixture
def tasks() -> Iterator[dict[str, ScriptedUpstream]]:
    """Two tasks with an address each, and one port."""
    with ExitStack() as stack:
        old = stack.enter_context(running_upstream(OLD))
        yield {OLD: old, NEW: stack.enter_context(running_upstream(NEW, old.port))}


async def _ask(pool: Pool) -> None:
    connection, head = await pool.ask(ASKED, 5)
    assert head.status == 200
    assert await connection.read(5) == b"{}"
    pool.release(connection)


def _asked(
    tasks: dict[str, ScriptedUpstream], monkeypatch: pytest.MonkeyPatch, first: list[str], then: list[str]
) -> tuple[int, int]:
    """A request, the name leads elsewhere, a request: how many connections either task has seen."""

    async def run() -> None:
        answers = first

        async def resolve(*_: Any, **__: Any) -> list[Any]:
            if not answers:
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
            return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (each, port)) for each in answers]

        port = tasks[OLD].port
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        pool = Pool(Service("mlflow.local", port, f"mlflow.local:{port}"), 4, 5)
        await _ask(pool)
        answers = then
        await asyncio.sleep(6 * NAME_SECONDS)
        await _ask(pool)
        pool.close()

    monkeypatch.setattr(upstream, "_NAME_SECONDS", NAME_SECONDS)
    asyncio.run(run())
    return tasks[OLD].connections, tasks[NEW].connections


def test_a_kept_connection_is_used_again(tasks: dict[str, ScriptedUpstream], monkeypatch: pytest.MonkeyPatch) -> None:
    assert _asked(tasks, monkeypatch, [OLD], [OLD, NEW]) == (1, 0)


def test_a_task_that_left_the_name_is_asked_nothing_more(
    tasks: dict[str, ScriptedUpstream], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It still serves, and its connection is open: it lingers (services/mlflow)."""
    assert _asked(tasks, monkeypatch, [OLD], [NEW]) == (1, 1)


def test_a_name_without_an_answer_ends_no_connection(
    tasks: dict[str, ScriptedUpstream], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _asked(tasks, monkeypatch, [OLD], []) == (1, 0)


def test_eight_answers_are_perhaps_not_all(tasks: dict[str, ScriptedUpstream], monkeypatch: pytest.MonkeyPatch) -> None:
    """Cloud Map gives eight at the most, and others the next time."""
    assert _asked(tasks, monkeypatch, [OLD], [f"127.0.1.{number}" for number in range(8)]) == (1, 0)
