"""Attribute paths as a person reads them: `versioning[0].enabled`, `tags["a b"]`."""

import json
import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def step(path: str, key: str | int) -> str:
    """A path, one step deeper.

    Args:
        path: so far; "" for the object itself.
        key: attribute, key of a map, or index of a list.

    Returns:
        The longer path.
    """
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not _PLAIN.match(key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def of(steps: Iterable[str | int]) -> str:
    """A path as Terraform's JSON lists it.

    Args:
        steps: as in `["root_block_device", 0, "volume_size"]`.

    Returns:
        As a person reads it.
    """
    path = ""
    for key in steps:
        path = step(path, key)
    return path


def meet(one: str, other: str) -> bool:
    """Whether one path lies in the other, or is the same.

    Args:
        one: a path.
        other: a path.

    Returns:
        True when a change of one is a change of the other.
    """
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and (len(long) == len(short) or long[len(short)] in ".[" or not short)
