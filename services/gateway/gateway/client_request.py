"""A request as aiohttp's handlers know it, made for those that need one: the lane that serves artifacts."""

import asyncio

from aiohttp import web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.http_writer import StreamWriter
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler


class ClientRequest(web.BaseRequest):
    """A request of this connection's.

    Args:
        message: its head.
        content: its body.
        protocol: the client's connection.
    """

    def __init__(self, message: RawRequestMessage, content: StreamReader, protocol: RequestHandler) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a request is handled in a task")
        super().__init__(message, content, protocol, StreamWriter(protocol, loop), task, loop)
