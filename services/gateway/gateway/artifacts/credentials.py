"""AWS credentials from botocore's default chain, found and renewed off the event loop."""

import asyncio
from typing import Any

import botocore.session
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError


class CredentialsError(Exception):
    """There are no credentials, or they cannot be renewed."""


class Credentials:
    """The task role's credentials on ECS (container credentials endpoint), or whatever the chain finds elsewhere.

    The chain asks files and HTTP endpoints and blocks, so it runs in a thread. What it found is used until botocore
    wants to renew it; one renewal runs at a time, and meanwhile the old credentials, which are good for minutes still,
    serve everybody else.
    """

    def __init__(self) -> None:
        self._source: Any = None  # botocore.credentials.Credentials or RefreshableCredentials
        self._frozen: ReadOnlyCredentials | None = None
        self._renewing = asyncio.Lock()

    async def current(self) -> ReadOnlyCredentials:
        """Access key, secret key and token to sign with now.

        Raises:
            CredentialsError: none are found, or those that are found have expired and are not renewed.
        """
        if self._frozen is not None and not self._due():
            return self._frozen
        if self._frozen is not None and self._renewing.locked():
            return self._frozen
        async with self._renewing:
            if self._frozen is None or self._due():
                self._frozen = await asyncio.to_thread(self._found)
            return self._frozen

    def forget(self) -> None:
        """S3 says that they have expired: ask the chain again, whatever their expiry says."""
        self._source = self._frozen = None

    def _due(self) -> bool:
        # Static credentials have no such question; asking costs no I/O.
        return bool(getattr(self._source, "refresh_needed", bool)())

    def _found(self) -> ReadOnlyCredentials:
        try:
            if self._source is None:
                self._source = botocore.session.Session().get_credentials()
            if self._source is None:
                raise CredentialsError("no AWS credentials: the task has no role, or its endpoint does not answer")
            frozen: ReadOnlyCredentials = self._source.get_frozen_credentials()
        except (BotoCoreError, OSError, RuntimeError, ValueError) as error:
            raise CredentialsError(f"AWS credentials cannot be renewed: {error}") from error
        return frozen
