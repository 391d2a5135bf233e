"""What a plan marks, and what is a secret without a mark.

Terraform's marks are True, or a structure like the value's with True at the marked places.
Source: https://developer.hashicorp.com/terraform/internals/json-format#change-representation
"""

import functools
import json
import re
from typing import Final

from infra.review.model import REDACTED, Json

# Names under which the AWS provider and containers hold secrets, for where no mark says so.
_SECRET_NAME: Final = re.compile(
    r"(?:^|[_.-])(?:password|passwd|passphrase|pwd|secret|secret_?string|secret_?binary|private_?key|key_?material"
    r"|token|credentials?|api_?key|access_?key|secret_?key|certificate_?private_?key|database_?url|dsn)\Z",
    re.IGNORECASE,
)
# What stands under such a name without being secret: a reference to where the secret is.
_REFERENCE: Final = re.compile(r"arn:aws[a-z-]*:|(?:true|false|null|none)\Z", re.IGNORECASE)


def holds(mark: Json) -> bool:
    """Whether anything is marked.

    Args:
        mark: `after_unknown`, `before_sensitive` or `after_sensitive`, or a part of it.

    Returns:
        True when there is True anywhere in it.
    """
    if isinstance(mark, dict):
        return any(holds(each) for each in mark.values())
    if isinstance(mark, list):
        return any(holds(each) for each in mark)
    return mark is True


def is_secret(name: str | int, value: Json) -> bool:
    """Whether a value is a secret because of its name.

    Args:
        name: of the attribute or environment variable.
        value: its value.

    Returns:
        True for a text under a name such as `password`.
    """
    return (
        isinstance(value, str)
        and isinstance(name, str)
        and _is_secret_name(name)
        and bool(value)
        and _REFERENCE.match(value) is None
    )


@functools.lru_cache(maxsize=4_096)
def _is_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def mask(value: Json, mark: Json = False) -> Json:
    """A value without what is marked in it or secret by name.

    Args:
        value: of a plan.
        mark: Terraform's mark for it: True, or a structure with True at the secret places.

    Returns:
        The value with REDACTED in these places.
    """
    if mark is True:
        return None if value is None else REDACTED
    if isinstance(value, dict):
        marks = mark if isinstance(mark, dict) else {}
        masked = {
            key: REDACTED if is_secret(key, each) else mask(each, marks.get(key, False)) for key, each in value.items()
        }
        if is_secret(value.get("name", ""), value.get("value")):
            masked["value"] = REDACTED
        return masked
    if isinstance(value, list):
        entries = mark if isinstance(mark, list) and len(mark) == len(value) else [False] * len(value)
        return [mask(each, marked) for each, marked in zip(value, entries, strict=True)]
    return value


def parsed(text: str) -> Json:
    """The JSON object or list that a text is.

    Args:
        text: an attribute.

    Returns:
        The value; None when the text is something else.
    """
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None
