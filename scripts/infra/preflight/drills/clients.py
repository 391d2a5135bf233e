"""The clients of a drill: they log runs, keep models, upload slowly, and try what they may not."""

import itertools
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from infra.preflight.drills.acknowledged import (
    API,
    ARTIFACTS,
    Acknowledged,
    AcknowledgedArtifact,
    AcknowledgedRun,
    AcknowledgedVersion,
    digest_of,
    part_of,
)
from infra.preflight.drills.requests import Body, Journal, ask
from infra.verification.exchange import Exchange
from infra.verification.front_door import expect_status
from infra.verification.target import Target

_ARTIFACT_BYTES = 20_000
_SLOW_PIECES, _SLOW_PAUSE_SECONDS, _SLOW_PIECE_BYTES = 6, 0.2, 8_192


class _Try(NamedTuple):
    method: str
    path: str
    body: Body


class _Unanswered(Exception):  # noqa: N818 - ends a round, no error of this program
    """A request did not get what it asked for."""


@dataclass(frozen=True)
class Place:
    """Where the clients of a campaign write.

    Args:
        target: the registry.
        experiment: id of their experiment.
        model: name of their registered model.
    """

    target: Target
    experiment: str
    model: str


def make_place(target: Target, name: str) -> Place:
    """Make an experiment and a registered model.

    Args:
        target: the registry.
        name: of both.

    Raises:
        CheckFailed: the registry does not.
    """
    key = target.keys.writing
    made = target.ask("POST", f"{API}/experiments/create", {"name": name}, key=key)
    expect_status(made, 200, "An experiment can be made")
    model = target.ask("POST", f"{API}/registered-models/create", {"name": name}, key=key)
    expect_status(model, 200, "A model can be registered")
    return Place(target, str(made.json["experiment_id"]), name)


@dataclass(frozen=True)
class Writer:
    """Logs a run, puts an artifact, gets it back, and makes a model version of it."""

    place: Place
    journal: Journal
    acknowledged: Acknowledged

    def round(self) -> bool:
        """Once through; whether every request got what it asked for."""
        try:
            self._write()
        except _Unanswered:
            return False
        return True

    def _write(self) -> None:
        place, acknowledged = self.place, self.acknowledged
        begun = {"experiment_id": place.experiment, "start_time": int(time.time() * 1000)}
        run = self._made("create a run", f"{API}/runs/create", begun, "run", "info", "run_id")
        acknowledged.add(AcknowledgedRun(run))
        parameter = secrets.token_hex(8)
        logged = {"run_id": run, "params": [{"key": "p", "value": parameter}]}
        self._ask("log a parameter", "POST", f"{API}/runs/log-batch", logged)
        acknowledged.add(AcknowledgedRun(run, parameter))
        content = secrets.token_bytes(_ARTIFACT_BYTES)
        file = AcknowledgedArtifact(f"{place.experiment}/{run}/artifacts/model.bin", digest_of(content))
        self._ask("put an artifact", "PUT", file.path, content)
        acknowledged.add(file)
        self._ask("get an artifact", "GET", file.path, wrong=file.difference)
        source = f"mlflow-artifacts:/{place.experiment}/{run}/artifacts"
        asked = {"name": place.model, "source": source, "run_id": run}
        version = self._made(
            "create a model version", f"{API}/model-versions/create", asked, "model_version", "version"
        )
        acknowledged.add(AcknowledgedVersion(place.model, version, source, run))

    def _made(self, what: str, path: str, body: Body, *names: str) -> str:
        """Make something; its name or number, which is in the answer below these fields."""

        def strange(answer: Exchange) -> str:
            return "" if part_of(answer, *names) else f"200 without {'.'.join(names)}"

        return str(part_of(self._ask(what, "POST", path, body, strange), *names))

    def _ask(
        self,
        what: str,
        method: str,
        path: str,
        body: Body = None,
        wrong: Callable[[Exchange], str] = lambda _answer: "",
    ) -> Exchange:
        target = self.place.target
        request = ask(target, what, method, path, body, key=target.keys.writing)
        if request.answer and not request.failed:
            request = replace(request, error=wrong(request.answer))
        self.journal.add(self.journal.honest, request)
        if request.failed or request.answer is None:
            raise _Unanswered
        return request.answer


@dataclass(frozen=True)
class SlowUploader:
    """Uploads piece by piece, so that there is always a request on its way when something happens."""

    place: Place
    journal: Journal
    acknowledged: Acknowledged

    def round(self) -> bool:
        """One upload; whether it was acknowledged."""
        content = secrets.token_bytes(_SLOW_PIECES * _SLOW_PIECE_BYTES)
        name = f"{self.place.experiment}/slow/{secrets.token_hex(8)}.bin"
        file = AcknowledgedArtifact(name, digest_of(content))
        target = self.place.target
        request = ask(
            target,
            "upload slowly",
            "PUT",
            file.path,
            _slowly(content),
            key=target.keys.writing,
            length=len(content),
            pauses=_SLOW_PIECES * _SLOW_PAUSE_SECONDS,
        )
        self.journal.add(self.journal.honest, request)
        if not request.failed:
            self.acknowledged.add(file)
        return not request.failed


class Intruder:
    """Tries in turn, without a key and with keys that may not, what must not be answered."""

    def __init__(self, place: Place, journal: Journal) -> None:
        self._target, self._journal = place.target, journal
        keys = place.target.keys
        created = {"name": f"{place.model}-of-an-intruder"}
        search = _Try("POST", f"{API}/experiments/search", {"max_results": 1})
        put = _Try("PUT", f"{ARTIFACTS}/{place.experiment}/intruder.bin", b"x")
        create = _Try("POST", f"{API}/registered-models/create", created)
        tries: list[tuple[str | None, _Try]] = [
            (None, search),
            ("", put),
            (None, create),
            ("", search),
            (keys.reading, create),
            (keys.foreign, search),
        ]
        self._tries = itertools.cycle(tries)

    def round(self) -> bool:
        """One try; a fresh key that nobody issued where the list says None."""
        given, asked = next(self._tries)
        key = secrets.token_urlsafe(24) if given is None else given
        request = ask(self._target, f"{asked.method} {asked.path} as an intruder", *asked, key=key)
        self._journal.add(self._journal.intruders, request)
        return request.failed


def _slowly(content: bytes) -> Iterator[bytes]:
    for begin in range(0, len(content), _SLOW_PIECE_BYTES):
        time.sleep(_SLOW_PAUSE_SECONDS)
        yield content[begin : begin + _SLOW_PIECE_BYTES]
