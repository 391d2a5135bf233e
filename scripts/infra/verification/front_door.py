"""Steps about the front door: every host answers, sends plain HTTP to HTTPS, and serves nothing that is not its own."""

from urllib.parse import urlsplit

from infra.verification.exchange import Exchange
from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

_SEARCH = ("POST", "/api/2.0/mlflow/experiments/search", {"max_results": 1})


def expect_status(exchange: Exchange, wanted: int, what: str, remedy: str = "") -> Exchange:
    """Raise unless an answer has the wanted status.

    Args:
        exchange: request and answer.
        wanted: HTTP status.
        what: what the request is for, to begin the sentence.
        remedy: what to do if it has another one.

    Returns:
        The same exchange.

    Raises:
        CheckFailed: it has another one.
    """
    if exchange.status != wanted:
        said = exchange.json.get("message", "") if isinstance(exchange.json, dict) else ""
        raise CheckFailed(
            f"{what}: {exchange.request_line} answers {exchange.status} instead of {wanted}"
            + (f" ({said})" if said else ""),
            exchange=exchange,
            remedy=remedy,
        )
    return exchange


def expect_nothing(target: Target, exchange: Exchange, what: str) -> Exchange:
    """Raise unless the front door itself says that there is nothing.

    Args:
        target: whose front door.
        exchange: request and answer.
        what: what was asked for, to begin the sentence.

    Returns:
        The same exchange.

    Raises:
        CheckFailed: something answers.
    """
    # On AWS the firewall comes first and refuses some of what leads nowhere by itself (Host_Localhost_HEADER,
    # ExploitablePaths_URIPATH). A refusal of the gateway's carries its request id.
    if exchange.status == 403 and not target.emulated and "x-request-id" not in exchange.headers:
        return exchange
    return expect_status(exchange, 404, what)


def _hosts_answer(target: Target) -> str:
    for host in (target.registry, target.auth):
        expect_status(target.ask("GET", "/health", host=host), 200, f"{host} is alive")
    return f"{target.registry}, {target.auth}"


def _redirects(target: Target) -> str:
    for host in (target.registry, target.auth):
        answer = expect_status(
            target.ask("GET", "/health?a=b", host=host, scheme="http"), 301, "Plain HTTP is sent to HTTPS"
        )
        location = urlsplit(answer.headers.get("location", ""))
        if (location.scheme, location.hostname, location.path, location.query) != ("https", host, "/health", "a=b"):
            raise CheckFailed(
                f"{host} sends plain HTTP to {answer.headers.get('location')!r} instead of the same place by HTTPS",
                exchange=answer,
            )
    return "301 to the same place"


def _nothing_else(target: Target) -> str:
    asked = [
        ("a path that no rule names", target.ask("GET", "/.git/config", host=target.registry)),
        ("a path that no rule names", target.ask("GET", "/admin", host=target.auth)),
        ("a host that is not served", target.ask("GET", "/health", claimed_host=f"other.{target.domain}")),
        ("a load balancer asked by its address", target.ask("GET", "/health", claimed_host="203.0.113.10")),
        ("MLflow's API at the auth service's host", target.ask(*_SEARCH, key=target.keys.writing, host=target.auth)),
    ]
    for what, answer in asked:
        expect_nothing(target, answer, f"The front door serves {what}")
    return f"{len(asked)} ways that lead nowhere"


STEPS = (
    Step(
        "hosts",
        "Both public hosts answer by HTTPS with a certificate that clients trust",
        _hosts_answer,
        formerly="test_dedicated_albs.py",
    ),
    Step("redirects", "Plain HTTP is redirected to HTTPS", _redirects, formerly="test_dedicated_albs.py"),
    Step(
        "nothing-else",
        "Nothing is served but what the rules name",
        _nothing_else,
        needs=("hosts",),
        formerly="test_dedicated_albs.py",
    ),
)
