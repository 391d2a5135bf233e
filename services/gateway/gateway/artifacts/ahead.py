"""Windows of an object, fetched side by side.

S3 gives some 90 MB/s to one request and more only to several at a time
(docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-guidelines.html).
"""

import asyncio
from collections import deque

from gateway.artifacts.signing import Call
from gateway.artifacts.store import ObjectStore, StoreError


class Ahead:
    """The bytes of one version of an object from `first` to before `end`, in order, fetched before they are asked for.

    Args:
        store: where from.
        key: object key.
        etag: its version; another one ends the reading.
        first: offset of the first byte.
        end: offset behind the last byte.
        window: bytes of a request.
        at_once: windows in memory or on their way, the one that the caller has included.
    """

    def __init__(
        self, store: ObjectStore, key: str, etag: str, *, first: int, end: int, window: int, at_once: int
    ) -> None:
        self._store = store
        self._key = key
        self._etag = etag
        self._end = end
        self._window = window
        self._offsets = iter(range(first, end, window))
        self._coming: deque[asyncio.Task[list[bytes]]] = deque()
        for _ in range(at_once):
            self._start_one()

    async def next(self) -> list[bytes]:
        """The next window, in pieces; nothing behind the last. The caller is done with the one before.

        Raises:
            StoreError: it could not be fetched, also after several attempts, or the object is another one by now.
        """
        if not self._coming:
            return []
        pieces = await self._coming[0]
        self._coming.popleft()
        return pieces

    def taken(self) -> None:
        """The caller has passed on the last window: there is room for another one."""
        self._start_one()

    async def close(self) -> None:
        """Forget what is still coming."""
        for task in self._coming:
            task.cancel()
        await asyncio.gather(*self._coming, return_exceptions=True)

    def _start_one(self) -> None:
        offset = next(self._offsets, None)
        if offset is not None:
            self._coming.append(asyncio.get_running_loop().create_task(self._fetched(offset)))

    async def _fetched(self, offset: int) -> list[bytes]:
        last = min(offset + self._window, self._end) - 1
        headers = {"Range": f"bytes={offset}-{last}", "If-Match": self._etag}
        pieces = await self._store.pieces(Call("GET", self._key, headers=headers))
        if (length := sum(map(len, pieces))) != last - offset + 1:
            raise StoreError(500, "IncompleteAnswer", f"{length} bytes for bytes {offset}-{last}")
        return pieces
