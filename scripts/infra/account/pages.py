"""Calls that list, to their last page."""

from collections.abc import Iterator
from typing import Any


def pages(client: Any, operation: str, items: str, **arguments: object) -> Iterator[Any]:  # noqa: ANN401 - boto3's
    """Everything that a call lists.

    Args:
        client: of the service.
        operation: as boto3 calls it.
        items: key of the list in an answer.
        arguments: of the call.

    Yields:
        The items of all pages.
    """
    if client.can_paginate(operation):
        for page in client.get_paginator(operation).paginate(**arguments):
            yield from page.get(items, [])
    else:
        yield from getattr(client, operation)(**arguments).get(items, [])
