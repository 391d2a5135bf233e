"""Why MLflow failed on an artifact.

MLflow answers 500 without a cause when S3 denies an upload, and its client then tries for minutes. Two calls tell what
is wrong: a listing, and the upload of an empty object. They are made through MLflow, whose permissions are the matter.
"""

import asyncio
import json
import re
from urllib.parse import quote, unquote

from gateway.errors import PERMISSION_DENIED, RESOURCE_DOES_NOT_EXIST, TEMPORARILY_UNAVAILABLE, GatewayError
from gateway.mlflow_errors import BUCKET_MISSING, READING_DENIED, STORE_DOWN, denied
from gateway.settings import Settings
from gateway.upstream import Pool, Request
from gateway.upstream_errors import UpstreamError

_ROOT = "/api/2.0/mlflow-artifacts/artifacts"
_PROBE = ".hokusai-gateway-probe"
_LISTING = re.compile(r"/(?:ajax-)?api/2\.0/mlflow-artifacts/artifacts")
_ARTIFACT = re.compile(r"/(?:ajax-)?api/2\.0/mlflow-artifacts/artifacts/(.+)")
_SECONDS = 5.0


class Diagnosis:
    """Asks MLflow what its artifact store allows.

    Args:
        settings: where MLflow is, and for how long an answer counts.
        pool: connections to it.
    """

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._remembered_seconds = settings.health_cache_seconds
        self._authority = settings.mlflow_server_url.authority
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._uploading: tuple[float, GatewayError] | None = None

    async def __call__(self, method: str, path: str) -> GatewayError | None:
        """The error for the client, or None if the failure is not the store's.

        Args:
            method: method of the request that failed.
            path: its path at MLflow, undecoded.
        """
        if _LISTING.fullmatch(path):
            return _down()
        artifact = _ARTIFACT.fullmatch(path)
        if artifact is None:
            return None
        try:
            async with asyncio.timeout(_SECONDS):
                if method == "PUT":
                    return await self._upload()
                return await self._download(unquote(artifact[1]))
        except (UpstreamError, TimeoutError):
            return _down()

    async def after_deletion(self, path: str) -> GatewayError | None:
        """The error for a deletion that MLflow calls done although S3 refused it, or None.

        MLflow does not look at what DeleteObjects says of single objects (`S3ArtifactRepository.delete_artifacts`).

        Args:
            path: path at MLflow, undecoded.
        """
        artifact = _ARTIFACT.fullmatch(path)
        if artifact is None:
            return None
        try:
            async with asyncio.timeout(_SECONDS):
                listed, names = await self._siblings(unquote(artifact[1]))
        except (UpstreamError, TimeoutError):
            return _down()
        name = unquote(artifact[1]).rstrip("/").rpartition("/")[2]
        if listed < 400 and name in names:
            return GatewayError(403, PERMISSION_DENIED, denied("DELETE"))
        return None

    async def _upload(self) -> GatewayError:
        # One diagnosis for all uploads that fail at the same moment.
        async with self._lock:
            if self._uploading is None or self._uploading[0] < self._loop.time():
                self._uploading = (self._loop.time() + self._remembered_seconds, await self._probe_upload())
            return self._uploading[1]

    async def _probe_upload(self) -> GatewayError:
        listed, _ = await self._ask("GET", f"{_ROOT}?path=")
        if listed == 404:
            return GatewayError(404, RESOURCE_DOES_NOT_EXIST, BUCKET_MISSING)
        if listed >= 500:
            return _down()
        probed, _ = await self._ask("PUT", f"{_ROOT}/{_PROBE}")
        if probed < 400:
            await self._ask("DELETE", f"{_ROOT}/{_PROBE}")
            return _down()
        return GatewayError(403, PERMISSION_DENIED, denied("PUT"))

    async def _download(self, artifact: str) -> GatewayError:
        listed, names = await self._siblings(artifact)
        if listed == 403:
            return GatewayError(403, PERMISSION_DENIED, READING_DENIED)
        if listed == 404:
            return GatewayError(404, RESOURCE_DOES_NOT_EXIST, BUCKET_MISSING)
        if listed >= 400:
            return _down()
        if artifact.rstrip("/").rpartition("/")[2] not in names:
            return GatewayError(404, RESOURCE_DOES_NOT_EXIST, f"There is no artifact {artifact[:500]}.")
        # It is there and does not come. What S3 denies to MLflow it denies again; anything else may pass.
        return _down()

    async def _siblings(self, artifact: str) -> tuple[int, set[str]]:
        folder = artifact.rstrip("/").rpartition("/")[0]
        listed, body = await self._ask("GET", f"{_ROOT}?path={quote(folder, safe='')}")
        return listed, _names(body)

    async def _ask(self, method: str, target: str) -> tuple[int, bytes]:
        body = b"Content-Length: 0\r\n" if method == "PUT" else b""
        head = f"{method} {target} HTTP/1.1\r\nHost: {self._authority}\r\n".encode("ascii") + body + b"\r\n"
        connection, answer = await self._pool.ask(Request(method, head), _SECONDS)
        try:
            received = b""
            while piece := await connection.read(_SECONDS):
                received += piece
            return answer.status, received
        finally:
            self._pool.release(connection)


def _names(body: bytes) -> set[str]:
    try:
        files = json.loads(body).get("files", [])
        return {str(file["path"]).rstrip("/").rpartition("/")[2] for file in files}
    except (ValueError, AttributeError, KeyError, TypeError):
        return set()


def _down() -> GatewayError:
    return GatewayError(503, TEMPORARILY_UNAVAILABLE, STORE_DOWN, {"Retry-After": "2"})
