"""The body of a client's request: read as it comes, bounded in size and in the time between two pieces."""

import asyncio
from collections.abc import AsyncIterator

from gateway.errors import BAD_REQUEST, DEADLINE_EXCEEDED, INVALID_PARAMETER_VALUE, GatewayError
from gateway.exchange import Exchange


def check_length(exchange: Exchange, limit: int) -> None:
    """Refuse a body that is too long before it is read.

    Args:
        exchange: the request.
        limit: most bytes.

    Raises:
        GatewayError: 413.
    """
    exchange.limit = limit
    if exchange.length is not None and exchange.length > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> GatewayError:
    return GatewayError(
        413, INVALID_PARAMETER_VALUE, f"The request body is larger than {limit} bytes, the most that is taken."
    )


async def pieces(exchange: Exchange) -> AsyncIterator[bytes]:
    """The body, as it comes.

    Raises:
        GatewayError: 408 when nothing comes, 413 when too much comes, 400 when it ends too early.
    """
    content = exchange.content
    exchange.let_continue()
    while True:
        try:
            if content.is_eof():
                piece = content.read_nowait()
            else:
                async with asyncio.timeout(exchange.idle_seconds):
                    piece = await content.readany()
        except TimeoutError:
            # Nor will more come while the connection is closed in order.
            exchange.protocol._lingering_time = 0.0
            raise GatewayError(
                408, DEADLINE_EXCEEDED, f"No byte of the request body came for {exchange.idle_seconds:g} s."
            ) from None
        except ConnectionError:
            raise
        except Exception:
            # aiohttp's own exception for a body whose framing is broken is not public.
            exchange.keep_alive = False
            raise GatewayError(400, BAD_REQUEST, "The request body could not be read.") from None
        if not piece:
            return
        exchange.bytes_in += len(piece)
        if exchange.bytes_in > exchange.limit:
            exchange.keep_alive = False
            raise _too_large(exchange.limit)
        yield piece


async def read_short(exchange: Exchange) -> None:
    """Read the whole body into memory; for one whose announced length is short.

    Raises:
        GatewayError: as `pieces`.
    """
    exchange.body = b"".join([piece async for piece in pieces(exchange)])
