"""The direct artifact lane: list, download, upload and delete artifacts in S3 on the client's behalf."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from aiohttp import web

from gateway.artifacts.deletion import delete
from gateway.artifacts.download import download
from gateway.artifacts.listing import listing
from gateway.artifacts.operations import ArtifactOperation
from gateway.artifacts.parts import Budget
from gateway.artifacts.paths import object_key
from gateway.artifacts.refusals import refusal
from gateway.artifacts.settings import DirectLaneSettings
from gateway.artifacts.store import ObjectStore, StoreError
from gateway.artifacts.upload import Upload

_logger = logging.getLogger("gateway.artifacts")

_PERMISSIONS = {
    "list": "s3:ListBucket",
    "download": "s3:GetObject",
    "upload": "s3:PutObject",
    "delete": "s3:DeleteObject",
}
_CLOSING_SECONDS = 5.0


class DirectLane:
    """Artifacts straight from and to the bucket of the configured destination, and no other.

    The caller has authenticated the request, checked its scope and its limits; this class knows nothing of keys.

    Args:
        settings: where artifacts lie, and how much memory and time moving them may take.
    """

    def __init__(self, settings: DirectLaneSettings) -> None:
        self._settings = settings
        self._uploads = Budget(settings.buffer_bytes)
        self._downloads = Budget(settings.read_ahead_bytes)
        self._store: ObjectStore | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Get ready, in the event loop that will handle requests. Asks S3 nothing."""
        self._store = ObjectStore(self._settings)

    async def close(self) -> None:
        """Abort what is unfinished, and close connections. Call it when no request runs any more."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_CLOSING_SECONDS)
            for task in late:
                task.cancel()
        if self._store is not None:
            await self._store.close()

    async def handle(
        self, request: web.BaseRequest, operation: ArtifactOperation, response_headers: Mapping[str, str]
    ) -> web.StreamResponse:
        """Do what the operation says.

        Args:
            request: the client's request; its body is read here.
            operation: what it asks for.
            response_headers: go into the answer before it is sent.

        Returns:
            The answer. That of a download has been sent already.

        Raises:
            GatewayError: what to tell the client.
            ConnectionError: nobody is there to be told anything, or a download broke off; the connection is closed.
        """
        if self._store is None:
            raise RuntimeError("start() comes before handle()")
        try:
            return await self._done(self._store, request, operation, response_headers)
        except ConnectionError as error:
            if isinstance(error.__cause__, StoreError):
                _log(error.__cause__, operation, response_headers)
            raise
        except StoreError as error:
            _log(error, operation, response_headers)
            raise refusal(error, operation.path, _PERMISSIONS[operation.kind]) from error

    async def _done(
        self,
        store: ObjectStore,
        request: web.BaseRequest,
        operation: ArtifactOperation,
        response_headers: Mapping[str, str],
    ) -> web.StreamResponse:
        headers = {**response_headers, "X-Content-Type-Options": "nosniff"}
        if operation.kind == "list":
            body = await listing(store, self._settings.prefix, operation.path)
            return web.Response(body=body, headers={**headers, "Content-Type": "application/json"})
        key = object_key(self._settings.prefix, operation.path)
        if operation.kind == "download":
            return await download(
                store, self._settings, self._downloads, request, operation, key=key, response_headers=response_headers
            )
        if operation.kind == "upload":
            await Upload(store, self._settings, self._uploads, later=self._later, request=request, key=key).run()
            return web.Response(headers=headers)
        await delete(store, key)
        return web.Response(body=b"{}", headers={**headers, "Content-Type": "application/json"})

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something to its end even if the request that wants it is gone."""

        async def logged() -> None:
            try:
                await work
            except StoreError as error:  # the bucket's lifecycle aborts what is left
                _logger.warning("an upload was not aborted: %s", error)

        task = asyncio.get_running_loop().create_task(logged())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _log(error: StoreError, operation: ArtifactOperation, response_headers: Mapping[str, str]) -> None:
    """Keep what the client is not told, for the operator who gets the request id from the client."""
    if error.status not in (404, 412, 416) or error.code == "NoSuchBucket":
        request = next((value for name, value in response_headers.items() if name.lower() == "x-request-id"), "-")
        _logger.warning("request %s: %s of %r: %s", request, operation.kind, operation.path, error)
