"""A platform that goes on running, so that a person can use it."""

import shlex
import signal
import threading
from collections.abc import Iterator

from infra.console import say
from infra.preflight.use import Running
from infra.verification.steps import Steps


def keep_running(running: Running, _steps: Steps) -> None:
    """Say how to use the platform, and wait until the person ends it.

    Args:
        running: the platform.
    """
    home = running.folder / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    settings = running.folder / "client.sh"
    settings.touch(mode=0o600)
    settings.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in _variables(running)))
    say()
    say(f"The platform of {running.environment.name} runs. In another terminal:", style="bold")
    say(f"  source {settings}")
    say("  python your_training.py    # with mlflow installed; registers at " + running.tracking_uri)
    for host, endpoint in running.platform.hosts.items():
        say(
            f"  curl --cacert {running.platform.ca_file} --resolve {host}:{endpoint.https_port}:{endpoint.address} "
            f"https://{host}:{endpoint.https_port}/health"
        )
    say("Ctrl-C ends it; nothing is left then.", style="bold")
    _wait_for_interrupt()


def _variables(running: Running) -> Iterator[tuple[str, str]]:
    """What a client needs beyond its own environment."""
    complete = running.client_environment(running.folder / "home")
    # A person keeps their own home and temporary files.
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
