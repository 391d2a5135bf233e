"""Drill: the auth service takes longer for an answer than the gateway waits."""

import secrets

from infra.preflight.drills.acknowledged import API
from infra.preflight.drills.drill import Drill
from infra.preflight.drills.requests import ask
from infra.preflight.drills.scene import Scene
from infra.preflight.drills.watch import Watch
from infra.verification.exchange import Exchange
from infra.verification.steps import CheckFailed
from infra.verification.target import Target

_SLOW_SECONDS = 4.0  # the gateway waits for 3 (AUTH_TIMEOUT_SECONDS)
_HONEST = (200, 429, 503, 504)


def _slow(watch: Watch) -> None:
    scene = watch.scene
    auth = scene.platform.auth
    before, newcomer = _issue(scene), _issue(scene)
    watch.begin(
        f"hokusai-auth answers after {_SLOW_SECONDS:g} s",
        str(scene.newest_task("hokusai-gateway").task_definition_arn),
    )
    auth.answer_after(_SLOW_SECONDS)
    try:
        scene.wait_for(lambda: _validate(scene.target, before).seconds >= _SLOW_SECONDS, "the auth service is slow")
        _come(scene, newcomer, watch)
    finally:
        auth.answer_after(0)
        watch.end("the auth service answers at once again")
    scene.wait_for(lambda: _validate(scene.target, before).seconds < _SLOW_SECONDS, "the auth service is quick again")
    scene.wait_for(lambda: _search(scene, newcomer) == _HONEST[0], "a new key is accepted")


def _come(scene: Scene, key: str, watch: Watch) -> None:
    """Somebody whose key the gateway does not know yet: not let in unasked, and not told that the key is wrong."""
    status = _search(scene, key)
    if status not in _HONEST:
        raise CheckFailed(
            f"While the auth service is slow, a valid key that is new is answered {status or 'not at all'}; wanted is "
            "200, or 503 to try again",
            arn=watch.blamed,
            attribute="container_definitions",
        )


def _issue(scene: Scene) -> str:
    key = secrets.token_urlsafe(24)
    scene.platform.auth.add(key, user_id="newcomer", key_id=f"newcomer-{key[:6]}")
    scene.wait_for(lambda: _validate(scene.target, key).status == _HONEST[0], "the auth service knows a new key")
    return key


def _search(scene: Scene, key: str) -> int | None:
    journal = scene.load.journal
    body = {"max_results": 1}
    request = ask(scene.target, "search with a new key", "POST", f"{API}/experiments/search", body, key=key)
    return journal.add(journal.honest, request).status


def _seconds(scene: Scene, key: str) -> float:
    return _validate(scene.target, key).seconds


def _validate(target: Target, key: str) -> Exchange:
    """Ask the auth service itself."""
    body = {"service_id": "platform", "client_ip": "203.0.113.1"}
    return target.ask("POST", "/api/v1/keys/validate", body, key=key, host=target.auth)


DRILLS = (
    Drill(
        "slow-auth",
        "When the auth service is slow, known keys go on, new ones wait or are told to come again, nobody else gets in",
        _slow,
    ),
)
