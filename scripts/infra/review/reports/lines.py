"""The attributes of a change as lines with + and - signs, for Markdown and the terminal."""

from collections.abc import Iterator

from infra.review.model import AttributeChange, Change
from infra.review.reports.text import line, value
from infra.review.reports.words import planned


def in_order(change: Change) -> list[AttributeChange]:
    """The attributes of a change, those that a reviewer must see first.

    Args:
        change: any.

    Returns:
        First what forces the replacement, then what the consequences name, then the rest, each by path.
    """
    named = {path for consequence in change.consequences for path in consequence.attributes}
    return sorted(change.attributes, key=lambda each: (not each.forces_replacement, each.path not in named, each.path))


def difference(change: Change, limit: int) -> Iterator[str]:
    """Every attribute that differs, as lines of a diff.

    Args:
        change: any.
        limit: how many characters of a value may stay.

    Yields:
        Lines that start with "- " for what goes, "+ " for what comes, "! " for what forces a replacement, "# " for
        what they belong to; each harmless and on one line.
    """
    for attribute in in_order(change):
        yield from _attribute(attribute, limit)


def _attribute(attribute: AttributeChange, limit: int) -> Iterator[str]:
    path = line(attribute.path)
    if attribute.forces_replacement:
        yield f"! {path} forces the replacement"
    if attribute.document is None:
        yield from _values(path, attribute, limit)
        return
    if not attribute.document.parts:
        yield f"# {path}: written differently, means the same"
    for part in attribute.document.parts:
        yield f"# {path}: {line(part.name)} {part.change}"
        for field in part.fields:
            yield from _values(f"  {line(field.path)}", field, limit)


def _values(path: str, attribute: AttributeChange, limit: int) -> Iterator[str]:
    if attribute.before is not None:
        yield f"- {path} = {value(attribute.before, limit)}"
    if attribute.unknown or attribute.after is not None:
        yield f"+ {path} = {planned(attribute.after, attribute.unknown, limit)}"
