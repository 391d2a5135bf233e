"""Calling AWS, and what its refusal or its silence means."""

from collections.abc import Callable
from typing import Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import InfraError

_SERVER_ERROR: Final = 500
_BUSY: Final = ("Throttl", "TooMany", "SlowDown", "RequestLimit")
_Answer = TypeVar("_Answer")


class NoAnswerError(InfraError):
    """AWS did not answer; asking again later may help."""


def asked(action: str, call: Callable[[], _Answer]) -> _Answer:
    """Call AWS, and say what its refusal or silence means.

    Args:
        action: as IAM calls it, e.g. "ecs:DescribeTasks".
        call: the call.

    Returns:
        Its answer.

    Raises:
        InfraError: AWS refuses it.
        NoAnswerError: AWS did not answer, or is too busy.
    """
    try:
        return call()
    except ClientError as error:
        refused = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < _SERVER_ERROR
        busy = any(word in error.response["Error"]["Code"] for word in _BUSY)
        if refused and not busy:
            raise InfraError(f"{action} was refused: {error}") from error
        raise NoAnswerError(f"{action} did not answer: {error}") from error
    except BotoCoreError as error:
        raise NoAnswerError(f"{action} did not answer: {error}") from error
