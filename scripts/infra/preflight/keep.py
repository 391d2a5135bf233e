"""A platform that goes on running, so that a person can use it."""

import shlex
import signal
import threading
from collections.abc import Iterator, Mapping

from infra.console import say
from infra.preflight.kept_platforms import noted
from infra.preflight.use import Running
from infra.verification.steps import Steps
from infra.verification.target import tracking_uri


def keep_running(running: Running, _steps: Steps) -> None:
    """Say how to use the platform, and wait until the person ends it.

    Args:
        running: the platform.
    """
    environment, view = running.environment, running.view()
    home = running.folder / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    settings = running.folder / "client.sh"
    settings.touch(mode=0o600)
    variables = _variables(view.client_environment(home, environment.domain))
    settings.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables))
    say()
    say(f"The platform of {environment.name} runs. In another terminal:", style="bold")
    say(f"  source {settings}")
    say(f"  python your_training.py    # with mlflow installed; registers at {tracking_uri(environment.domain)}")
    say(f"  make verify ENV={environment.name} ACCOUNT=emulated")
    for host, endpoint in running.platform.hosts.items():
        say(
            f"  curl --cacert {running.platform.ca_file} --resolve {host}:{endpoint.https_port}:{endpoint.address} "
            f"https://{host}:{endpoint.https_port}/health"
        )
    with noted(environment, view, running.folder / "platform.json"):
        say("Ctrl-C ends it; nothing is left then.", style="bold")
        _wait_for_interrupt()


def _variables(complete: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What a client needs beyond its own environment: a person keeps their own home and temporary files."""
    yield from ((name, value) for name, value in complete.items() if name not in {"HOME", "TMPDIR", "PATH"})


def _wait_for_interrupt() -> None:
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        while not ended.wait(1):  # in pieces, so that a signal is seen
            pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
