"""A registry in memory that can be told to fail, to forget what it acknowledged, and to let everybody in."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from infra.preflight.drills.acknowledged import API, ARTIFACTS
from infra.preflight.drills.load import Load
from infra.preflight.drills.scene import Scene
from infra.preflight.use import Running
from infra.verification.api_keys import Keys
from infra.verification.exchange import Exchange
from infra.verification.steps import CheckFailed
from infra.verification.target import Target

KEYS = Keys("writing", "reading", "legacy", "foreign")
GATEWAY_TASK = "arn:aws:ecs:us-east-1:1:task-definition/hokusai-gateway-x:1"
DATABASE = "arn:aws:rds:us-east-1:1:db:hokusai-mlflow-x"


@dataclass
class Registry:
    """The double; `faulty` says what a request gets instead of its answer.

    Args:
        keys: API keys.
        bucket: name of the artifact bucket.
        cluster: name of the ECS cluster.
        faulty: status for a method and path, None for the right answer, 0 for no answer.
        guarded: whether it looks at keys.
        forgets: kinds of writes that it acknowledges without keeping them: "version", "parameter".
    """

    keys: Keys = KEYS
    bucket: str = "artifacts-x"
    cluster: str = "hokusai-x"
    auth: str = "auth.x"
    faulty: Callable[[str, str], int | None] = lambda _method, _path: None
    guarded: bool = True
    forgets: set[str] = field(default_factory=set)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    runs: dict[str, dict[str, str]] = field(default_factory=dict)
    versions: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def account(self) -> "Registry":
        return self

    def client(self, service: str) -> Any:
        assert service == "rds"
        return self

    def describe_db_instances(self) -> Any:
        return {"DBInstances": [{"DBInstanceArn": DATABASE}]}

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Any = None,
        *,
        key: str = "",
        seconds: float = 0,
    ) -> Exchange:
        if isinstance(body, Iterator):
            body = b"".join(body)
        status = self.faulty(method, path)
        if status == 0:
            raise CheckFailed(f"{method} {path} got no answer") from ConnectionResetError()
        content = b"{}"
        if status is None and self.guarded and key != KEYS.writing:
            status = 401
        if status is None:
            with self._lock:
                status, content = self._answer(path, body)
        return Exchange(method, f"https://x{path}", {}, status, {}, content, 0.0, time.time())

    def _answer(self, path: str, body: Any) -> tuple[int, bytes]:
        if path.startswith(ARTIFACTS):
            return self._artifact(path.removeprefix(ARTIFACTS), body)
        url = urlsplit(path.removeprefix(API))
        asked, said = dict(parse_qsl(url.query)), cast(dict[str, Any], body)
        match url.path:
            case "/experiments/create":
                return _json({"experiment_id": str(next(self._numbers))})
            case "/runs/create" | "/runs/log-batch" | "/runs/get":
                return self._run(url.path, asked, said)
            case "/model-versions/create" | "/model-versions/get":
                return self._version(url.path, asked, said)
        return _json({})

    def _run(self, path: str, asked: dict[str, str], said: dict[str, Any]) -> tuple[int, bytes]:
        if path == "/runs/create":
            run = f"run{next(self._numbers)}"
            self.runs[run] = {}
            return _json({"run": {"info": {"run_id": run}}})
        if path == "/runs/get":
            found = self.runs[asked["run_id"]]
            return _json({"run": {"data": {"params": [{"key": k, "value": v} for k, v in found.items()]}}})
        if "parameter" not in self.forgets:
            self.runs[said["run_id"]] |= {each["key"]: each["value"] for each in said["params"]}
        return _json({})

    def _version(self, path: str, asked: dict[str, str], said: dict[str, Any]) -> tuple[int, bytes]:
        if path == "/model-versions/get":
            known = self.versions.get(asked["version"])
            return _json({"model_version": known}) if known else (404, b"{}")
        version = str(next(self._numbers))
        if "version" not in self.forgets:
            self.versions[version] = {**said, "version": version}
        return _json({"model_version": {"version": version}})

    def _artifact(self, name: str, body: bytes | None) -> tuple[int, bytes]:
        if body is None:
            return (200, self.artifacts[name]) if name in self.artifacts else (404, b"{}")
        self.artifacts[name] = body
        return _json({})

    def lose_artifacts(self) -> None:
        """Those that are there are gone."""
        with self._lock:
            self.artifacts.clear()

    def damage_artifacts(self) -> None:
        """Those that are there have another content."""
        with self._lock:
            self.artifacts = dict.fromkeys(self.artifacts, b"damaged")


@dataclass
class QuietPlatform:
    """What a drill needs of a platform."""

    events: list[str] = field(default_factory=list)
    failure: Exception | None = None

    @property
    def tasks(self) -> list[Any]:
        return [cast(Any, _GatewayTask)]

    def note_drill(self, subject: str, text: str) -> None:
        self.events.append(f"{subject}: {text}")

    def wait_until_steady(self, seconds: float) -> None:
        if self.failure:
            raise self.failure


class _GatewayTask:
    service, state, task_definition_arn = "hokusai-gateway", "RUNNING", GATEWAY_TASK


def scene_of(registry: Registry, platform: QuietPlatform, load: Load) -> Scene:
    """A scene with doubles."""
    return Scene(cast(Running, SimpleNamespace(platform=platform)), target_of(registry), load)


def target_of(registry: Registry) -> Target:
    """The double as a target."""
    return cast(Target, registry)


def _json(value: object) -> tuple[int, bytes]:
    return 200, json.dumps(value).encode()
