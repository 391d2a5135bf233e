"""The auth service's double as a program of its own: stands for the image `hokusai/auth` in preflight.

    python -m infra.preflight.parts.auth_service

Listens on PORT. What it knows and how it behaves is in the file that AUTH_DOUBLE_FILE names, which is read when it
changes: see `AuthKeys`.
"""

import json
import os
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from infra.preflight.parts.auth_double import AuthDouble, Key

_LOOK_SECONDS = 0.1


class AuthKeys:
    """What the double knows, for whoever started it.

    Args:
        file: that the double reads.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._keys: dict[str, Key] = {}
        self._delay = 0.0
        self._write()

    def add(self, key: str, **known: object) -> Key:
        """Issue a key; `known` are fields of `Key`."""
        number = len(self._keys) + 1
        fields = {"user_id": f"user-{number}", "key_id": f"key-{number}", **known}
        self._keys[key] = Key(**fields)  # type: ignore[arg-type] # checked by Key's users
        self._write()
        return self._keys[key]

    def revoke(self, key: str) -> None:
        """The key is refused from now on."""
        del self._keys[key]
        self._write()

    def answer_after(self, seconds: float) -> None:
        """How long each answer takes from now on."""
        self._delay = seconds
        self._write()

    def _write(self) -> None:
        content = {"keys": {key: asdict(known) for key, known in self._keys.items()}, "delay_seconds": self._delay}
        partial = self.file.with_suffix(".partial")
        partial.touch(mode=0o644)
        partial.write_text(json.dumps(content))
        partial.replace(self.file)


def read_keys(file: Path, double: AuthDouble) -> None:
    """Let a double know what a file says."""
    content = json.loads(file.read_text())
    double.keys = {
        key: Key(**{**known, "scopes": None if known["scopes"] is None else tuple(known["scopes"])})
        for key, known in content["keys"].items()
    }
    double.delay_seconds = content["delay_seconds"]


def main() -> None:
    """Serve until SIGTERM."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    double = AuthDouble(host="0.0.0.0", port=int(os.environ["PORT"]))  # noqa: S104 - a container's own address
    file = Path(os.environ["AUTH_DOUBLE_FILE"])
    seen = (-1, -1)
    while not ended.is_set():
        # The number of a file that was replaced is given to the next one but one.
        changed = (file.stat().st_ino, file.stat().st_mtime_ns)
        if changed != seen:
            read_keys(file, double)
            seen = changed
        if double.down:
            double.start()
        ended.wait(_LOOK_SECONDS)
    double.stop()


if __name__ == "__main__":
    main()
