"""Who a key belongs to: asked of the auth service, remembered for a bounded time, never assumed."""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from gateway.auth_answers import LEGACY_SERVICE_ID, Identity, identity, refusal, unavailable, unusable
from gateway.errors import GatewayError
from gateway.headers import first
from gateway.settings import Settings
from gateway.upstream import Pool, Request
from gateway.upstream_errors import UpstreamError

_LARGEST_ANSWER = 64 * 1024


@dataclass(frozen=True)
class _Remembered:
    until: float
    answer: Identity | GatewayError


def _today() -> date:
    return datetime.now(UTC).date()


class Authenticator:
    """Asks the auth service, once for each key and address within the cache's time.

    Args:
        settings: times, sizes, service ids.
        secret: keys the hashes under which answers are remembered; the keys themselves are not kept.
        today: the day in UTC.
    """

    def __init__(self, settings: Settings, secret: bytes, today: Callable[[], date] = _today) -> None:
        self._settings = settings
        self._hash = hashlib.blake2b(key=secret, digest_size=32)
        self._today = today
        self._loop = asyncio.get_running_loop()
        self._pool = Pool(settings.auth_service_url, 64, settings.auth_timeout_seconds)
        self._answers: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[Identity]] = {}

    def remembered(self, key: bytes, client_ip: str) -> Identity | None:
        """The identity of a key that was asked about lately, without waiting.

        Raises:
            GatewayError: the key was refused lately.
        """
        found = self._answers.get(self._digest(key, client_ip))
        if found is None or found.until <= self._loop.time():
            return None
        if isinstance(found.answer, GatewayError):
            # A new one each time: a raised exception collects the tracebacks of all who saw it.
            raise _copy(found.answer)
        return self._in_time(found.answer) if found.answer.legacy else found.answer

    async def authenticate(self, key: bytes, client_ip: str) -> Identity:
        """Ask who a key belongs to, which is not `remembered`. Requests that ask at the same time share one question.

        Args:
            key: API key.
            client_ip: address of the client; the auth service may refuse a key from some.

        Raises:
            GatewayError: 401, 403 or 429 as the auth service says; 503 if it cannot be asked.
        """
        digest = self._digest(key, client_ip)
        task = self._asking.get(digest)
        if task is None:
            task = self._asking[digest] = self._loop.create_task(self._ask(digest, key, client_ip))
            task.add_done_callback(lambda done: self._asked(digest, done))
        try:
            # One client that goes away must not end the question of the others.
            return await asyncio.shield(task)
        except GatewayError as error:
            raise _copy(error) from None

    def _asked(self, digest: bytes, task: "asyncio.Task[Identity]") -> None:
        self._asking.pop(digest, None)
        # Every client may have gone away; an exception that nobody fetched is no news then.
        if not task.cancelled():
            task.exception()

    async def _ask(self, digest: bytes, key: bytes, client_ip: str) -> Identity:
        settings = self._settings
        try:
            async with asyncio.timeout(settings.auth_timeout_seconds):
                status, retry_after, body = await self._validate(key, client_ip)
        except (UpstreamError, TimeoutError):
            raise unavailable() from None
        try:
            if status != 200:
                raise refusal(status, retry_after, settings.auth_service_id)
            found = identity(_json(body), settings, self._today())
        except GatewayError as error:
            if error.status in (401, 403):
                self._remember(digest, error, settings.auth_negative_cache_seconds)
            raise
        self._remember(digest, found, settings.auth_cache_seconds)
        return found

    async def _validate(self, key: bytes, client_ip: str) -> tuple[int, str | None, bytes]:
        payload = json.dumps({"service_id": self._settings.auth_service_id, "client_ip": client_ip}).encode()
        head = (
            "POST /api/v1/keys/validate HTTP/1.1\r\n"
            f"Host: {self._settings.auth_service_url.authority}\r\n"
            f"Authorization: Bearer {key.decode('ascii')}\r\n"
            "Content-Type: application/json\r\nAccept: application/json\r\n"
            f"Content-Length: {len(payload)}\r\n\r\n"
        ).encode("ascii")
        # Asking twice changes nothing at the auth service, so a connection that was just being closed is no reason
        # to fail: to the pool this is a question like a GET.
        connection, answer = await self._pool.ask(
            Request("GET", head + payload), seconds=self._settings.auth_timeout_seconds
        )
        try:
            body = b""
            while piece := await connection.read(self._settings.auth_timeout_seconds):
                body += piece
                if len(body) > _LARGEST_ANSWER:
                    raise unusable()
            retry_after = first(answer.headers, b"retry-after")
            return answer.status, retry_after.decode("latin-1") if retry_after else None, body
        finally:
            self._pool.release(connection)

    def _in_time(self, known: Identity) -> Identity:
        until = self._settings.legacy_service_id_until
        if until is None or self._today() > until:
            self._answers.clear()
            identity_of_legacy: dict[str, object] = {"user_id": "-", "key_id": "-", "service_id": LEGACY_SERVICE_ID}
            return identity(identity_of_legacy, self._settings, self._today())
        return known

    def _remember(self, digest: bytes, answer: Identity | GatewayError, seconds: float) -> None:
        self._answers[digest] = _Remembered(self._loop.time() + seconds, answer)
        self._answers.move_to_end(digest)
        while len(self._answers) > self._settings.auth_cache_entries:
            self._answers.popitem(last=False)

    def _digest(self, key: bytes, client_ip: str) -> bytes:
        begun = self._hash.copy()
        begun.update(b"%b\0%b" % (key, client_ip.encode()))
        return begun.digest()

    def close(self) -> None:
        """End the connections to the auth service."""
        self._pool.close()


def _copy(error: GatewayError) -> GatewayError:
    return GatewayError(error.status, error.error_code, error.message, error.headers)


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        raise unusable() from None
