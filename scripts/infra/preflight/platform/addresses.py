"""The loopback addresses of one run: a /24 of 127.0.0.0/8 that no other run on this machine has."""

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from infra.errors import InfraError

# Whoever listens here on a block's first address has the block; the kernel gives it back when the process ends.
_LOCK_PORT = 47999
_SECOND_OCTETS = range(96, 112)  # away from 127.0.0.x, and from 127.0.1.1 and 127.0.0.53 that systems use
_ATTEMPTS = 200
_FIRST_FREE, _LAST = 20, 249


@dataclass
class AddressBlock:
    """Addresses of a run.

    Args:
        prefix: first three numbers, e.g. "127.98.17".
    """

    prefix: str
    _next: int = field(default=_FIRST_FREE)
    _returned: list[str] = field(default_factory=list)

    @property
    def network(self) -> str:
        """Where names, gate, AWS and the container endpoint are."""
        return f"{self.prefix}.1"

    @property
    def client(self) -> str:
        """Where clients on the internet come from."""
        return f"{self.prefix}.250"

    def take(self) -> str:
        """An address that nobody has had; when all were given out, the one that is unused for longest.

        Raises:
            InfraError: all are in use.
        """
        if self._next <= _LAST:
            self._next += 1
            return f"{self.prefix}.{self._next - 1}"
        if not self._returned:
            raise InfraError(f"More than {_LAST - _FIRST_FREE} tasks run at a time: too many for one machine.")
        return self._returned.pop(0)

    def give_back(self, address: str) -> None:
        """The task at this address is gone."""
        self._returned.append(address)


@contextmanager
def address_block() -> Iterator[AddressBlock]:
    """A block that no other run has, until the end of the context or of this process.

    Raises:
        InfraError: no block is free, or the loopback addresses cannot be used on this system.
    """
    chooser = random.Random()  # noqa: S311 - spreads runs, protects nothing
    for _ in range(_ATTEMPTS):
        prefix = f"127.{chooser.choice(_SECOND_OCTETS)}.{chooser.randrange(256)}"
        holder = socket.socket()
        try:
            holder.bind((f"{prefix}.1", _LOCK_PORT))
            holder.listen(1)
        except OSError:
            holder.close()
            continue
        with holder:
            yield AddressBlock(prefix)
        return
    raise InfraError(
        f"No loopback addresses are free ({_ATTEMPTS} blocks tried): end other runs; only Linux has all of 127.0.0.0/8."
    )
