"""Steps about keys: who is let in, and who is not."""

from datetime import UTC, date, datetime

from infra.verification.front_door import expect_status
from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

READ = ("POST", "/api/mlflow/api/2.0/mlflow/experiments/search", {"max_results": 1})
_WRITE = ("POST", "/api/mlflow/api/2.0/mlflow/experiments/create", {"name": ""})
# What to do when a key that must be good is refused, by the answer's status.
_KEY_REFUSED = {
    401: "The auth service does not know this key: unknown, expired or revoked. Verify with a new one.",
    403: "This key is for another service, or its scopes do not allow it: it takes one for `platform` with mlflow:read "
    "and mlflow:write.",
    429: "This key has used its requests for this hour: wait as long as Retry-After says, or take another key.",
}
# A route of each kind; without a key none of them may answer.
_GUARDED = (
    READ,
    ("POST", "/api/2.0/mlflow/registered-models/create", {"name": "never-made"}),
    ("GET", "/api/2.0/mlflow-artifacts/artifacts?path=", None),
    ("PUT", "/api/2.0/mlflow-artifacts/artifacts/never/made.txt", b"x"),
    ("POST", "/ajax-api/2.0/mlflow/experiments/search", {"max_results": 1}),
    ("GET", "/mlflow/", None),
    ("POST", "/v1/traces", b""),
)


def _auth_service(target: Target) -> str:
    body = {"service_id": "platform", "client_ip": "203.0.113.1"}
    path = "/api/v1/keys/validate"
    answer = target.ask("POST", path, body, key=target.keys.writing, host=target.auth)
    expect_status(answer, 200, "The auth service knows the key", _KEY_REFUSED.get(answer.status, ""))
    if answer.json.get("service_id") != "platform":
        raise CheckFailed(
            f"The key is for service {answer.json.get('service_id')!r}, wanted 'platform'", exchange=answer
        )
    expect_status(
        target.ask("POST", path, body, key="no-such-key", host=target.auth), 401, "The auth service refuses a wrong key"
    )
    return "the key is for `platform`; a wrong one is refused"


def _every_way(target: Target) -> str:
    key = target.keys.writing
    ways = ({"Authorization": f"Bearer {key}"}, {"Authorization": f"ApiKey {key}"}, {"X-API-Key": key})
    for headers in ways:
        answer = target.ask(*READ, headers)
        what = f"A key in {next(iter(headers))} opens the registry"
        expect_status(answer, 200, what, _KEY_REFUSED.get(answer.status, ""))
        if "experiments" not in answer.json:
            raise CheckFailed("The answer is not MLflow's: it lists no experiments", exchange=answer)
    return "Bearer, ApiKey, X-API-Key"


def _without_key(target: Target) -> str:
    for method, path, body in _GUARDED:
        expect_status(target.ask(method, path, body), 401, "Without a key nothing is answered")
    if not target.emulated:  # there, a URL stands in the load balancer's log, with whatever key is in it
        return f"{len(_GUARDED)} routes"
    in_query = target.ask("GET", f"/api/2.0/mlflow/registered-models/search?api_key={target.keys.writing}")
    expect_status(in_query, 401, "A key in a URL is not read")
    return f"{len(_GUARDED)} routes, and a key in the URL"


def _wrong_key(target: Target) -> str:
    for method, path, body in _GUARDED:
        expect_status(target.ask(method, path, body, key="no-such-key"), 401, "A wrong key opens nothing")
    return f"{len(_GUARDED)} routes"


def _scopes(target: Target) -> str:
    expect_status(target.ask(*READ, key=target.keys.reading), 200, "A reading key reads")
    expect_status(target.ask(*_WRITE, key=target.keys.reading), 403, "A reading key does not write")
    return "reads, and writes nothing"


def _foreign(target: Target) -> str:
    expect_status(target.ask(*READ, key=target.keys.foreign), 403, "A key of another service opens nothing")
    return "refused"


def _legacy(target: Target) -> str:
    answer = target.ask(*READ, key=target.keys.legacy)
    ends = date.fromisoformat(target.legacy_until) if target.legacy_until else None
    if ends is None or datetime.now(UTC).date() > ends:
        expect_status(answer, 403, "A key for `ml-platform` is refused after its day")
        return f"refused: their time ended {ends or 'before this environment began'}"
    expect_status(answer, 200, f"A key for `ml-platform` works until {ends}")
    if "deprecation" not in answer.headers:
        raise CheckFailed("A key for `ml-platform` works without the Deprecation header", exchange=answer)
    return f"works until {ends}, with a Deprecation header"


STEPS = (
    Step(
        "auth-service",
        "The auth service validates a key for `platform`, through its own host",
        _auth_service,
        needs=("hosts",),
        formerly="test_auth_service.py",
    ),
    Step(
        "bearer-auth",
        "A key opens the registry in each header that clients send it in",
        _every_way,
        needs=("hosts",),
        formerly="test_bearer_auth.py",
    ),
    Step("without-key", "Without a key nothing is answered", _without_key, needs=("hosts",)),
    Step("wrong-key", "A key that nobody issued opens nothing", _wrong_key, needs=("hosts",)),
    Step("scopes", "A key that may only read does not write", _scopes, needs=("bearer-auth",), key="reading"),
    Step("foreign-key", "A key of another service is refused", _foreign, needs=("bearer-auth",), key="foreign"),
    Step(
        "legacy-key",
        "A key for `ml-platform` works until its day and not longer",
        _legacy,
        needs=("bearer-auth",),
        key="legacy",
    ),
)
