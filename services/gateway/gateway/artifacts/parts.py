"""How an upload is cut into parts, and the memory that parts of all uploads may take."""

import asyncio
from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True)
class Cut:
    """How one upload is cut.

    Args:
        most_parts: parts that S3 takes.
        preferred: bytes of a part where nothing speaks against it.
        largest_buffered: bytes of the largest part that is kept in memory.
    """

    most_parts: int
    preferred: int
    largest_buffered: int

    def known(self, length: int) -> int:
        """Bytes of every part but the last, of an upload whose length is known: as few whole MiB as fit."""
        needed = -(-length // self.most_parts)
        return max(self.preferred, -(-needed // _MIB) * _MIB)

    def unknown(self, number: int) -> int:
        """Bytes of a part of an upload of unknown length; parts are numbered from 1, the second half is larger."""
        return self.preferred if number <= self.most_parts // 2 else max(self.preferred, self.largest_buffered)


class Budget:
    """Memory that parts may take, together.

    An upload that gets none goes through without being kept, so nobody waits for somebody else's slow client. Only one
    whose length is not known has to wait, because S3 wants the length of a part before the part.

    Args:
        limit: bytes.
    """

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    def take(self, size: int) -> bool:
        """Take `size` bytes if they are free and nobody waits for them."""
        if size > self._free or self._waiting:
            return False
        self._free -= size
        return True

    async def wait(self, size: int, seconds: float) -> bool:
        """Take `size` bytes as soon as they are free; False when that takes longer than `seconds`."""
        if self.take(size):
            return True
        turn = size, asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn[1]
        except BaseException as error:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:
                self.give(size)
            if isinstance(error, TimeoutError):
                return False
            raise
        return True

    def give(self, size: int) -> None:
        """Give bytes back."""
        self._free += size
        while self._waiting and self._waiting[0][0] <= self._free:
            size, turn = self._waiting.pop(0)
            self._free -= size
            turn.set_result(None)
