"""Something in the account, as a listing shows it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.release.drift.owned import key


@dataclass(frozen=True)
class Seen:
    """Something in the account.

    Args:
        type: Terraform's type; "" for one that this tooling does not know.
        import_id: what Terraform imports it by; "" where it cannot.
        where: ARN or id that finds it in the account.
        keys: whatever may identify it in a state, as `Owned.address` takes it.
        why: why it counts as the platform's, as in "carries the platform's tags".
        natural: what tells it apart before it has an id, in the terms and order of `release.natural_key`; empty
            where nothing does.
        name: what people call it.
        parent: address of what it is a part of; "" for none.
        since: since when, UTC, ISO 8601; "" where the account does not say.
        by: who made it; "" where the account does not say.
    """

    type: str
    import_id: str
    where: str
    keys: tuple[str, ...]
    why: str
    natural: tuple[str, ...] = ()
    name: str = ""
    parent: str = ""
    since: str = ""
    by: str = ""


@dataclass(frozen=True)
class Parent:
    """Something whose parts are listed.

    Args:
        id: name, id or ARN by which its parts are listed.
        address: of Terraform.
    """

    id: str
    address: str


def part_of(parent: Parent, kind: str, import_id: str, where: str, *natural: str, **more: str) -> Seen:
    """A part of something.

    Args:
        parent: of what.
        kind: Terraform's type.
        import_id: what Terraform imports it by.
        where: ARN or id that finds it in the account.
        natural: what tells it apart, as `Seen` has it.
        more: name, since and by, as `Seen` has them.

    Returns:
        The part.
    """
    keys = (where, key(kind, import_id), key(kind, where), key(kind, *natural))
    return Seen(kind, import_id, where, keys, f"is a part of {parent.address}", natural, parent=parent.address, **more)


def moment(value: Any) -> str:  # noqa: ANN401 - AWS has times as datetime, as milliseconds and as text
    """A time as AWS answers it.

    Args:
        value: a datetime, milliseconds since 1970, a text, or None.

    Returns:
        UTC, ISO 8601, to the second; "" for none.
    """
    if isinstance(value, (int, float)):
        value = datetime.fromtimestamp(value / 1000, UTC)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return str(value or "")
