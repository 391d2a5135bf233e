"""Taking a plan's secrets out of everything that is written, wherever they occur.

Terraform marks attributes. It does not mark where else a marked value ends up (a computed output, an environment
variable, an error), so each secret value is also replaced by itself in every text of the review, in the forms that a
value takes on its way: JSON-escaped (once and twice), URL-encoded, base64 (also inside a longer text), hexadecimal.

A value shorter than `SHORTEST` is only redacted where it is marked: "dev" is in every other word.
"""

import dataclasses
import enum
import functools
import operator
import re
import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from infra.review.model import REDACTED
from infra.review.secret_values import SHORTEST, forms_of, secrets_of

T = TypeVar("T")


class Redactor:
    """Takes known secrets out of texts.

    Args:
        values: the secrets.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self._values = frozenset(value for value in values if len(value) >= SHORTEST)
        by_start: dict[str, dict[int, set[str]]] = {}
        for form in {form for value in self._values for form in forms_of(value)}:
            by_start.setdefault(form[:SHORTEST], {}).setdefault(len(form), set()).add(form)
        # The longest first. By length, so that a thousand secrets that begin alike are looked up and not tried.
        self._forms = {start: sorted(forms.items(), reverse=True) for start, forms in by_start.items()}
        # Only the first characters are in the expression: it stays shallow, however long and alike the secrets are.
        self._start = re.compile(_alternatives(sorted(self._forms))) if self._forms else None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Redactor":
        """For a plan.

        Args:
            document: the plan's JSON.

        Returns:
            A redactor of all its secrets.
        """
        return cls(secrets_of(document))

    def __len__(self) -> int:
        return len(self._values)

    def text(self, text: str) -> str:
        """A text without the secrets.

        Args:
            text: of anything: an attribute, an error, a whole report.

        Returns:
            The text with REDACTED in their places.
        """
        if self._start is None or len(text) < SHORTEST:
            return text
        spans: list[tuple[int, int]] = []
        found = self._start.search(text)
        while found:
            at = found.start()
            # Every start is looked at, also inside a secret that was found: two of them may overlap.
            end = next((at + size for size, forms in self._forms[found[0]] if text[at : at + size] in forms), None)
            if end is not None:
                if spans and at <= spans[-1][1]:
                    spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
                else:
                    spans.append((at, end))
            found = self._start.search(text, at + 1)
        for start, end in reversed(spans):
            text = text[:start] + REDACTED + text[end:]
        return text

    def clean(self, thing: T) -> T:
        """A part of a review without the secrets, in every text that it holds.

        Args:
            thing: a dataclass of the model, a tuple of them, or a JSON value.

        Returns:
            The same where there is no secret in it.
        """
        if self._start is None:
            return thing
        return typing.cast("T", self._clean(thing))

    def _clean(self, thing: Any) -> Any:  # noqa: ANN401 - a walk over any value, a line for each kind
        kind: Any = type(thing)
        if kind is str:
            return self._short_text(thing) if len(thing) <= 256 else self.text(thing)
        if thing is None or kind is bool or isinstance(thing, enum.Enum):
            return thing
        if kind is int or kind is float:
            return REDACTED if str(thing) in self._values else thing
        if isinstance(thing, (tuple, list)):
            cleaned = [self._clean(each) for each in thing]
            return kind(cleaned) if any(map(operator.is_not, cleaned, thing)) else thing
        if isinstance(thing, Mapping):
            return {self._clean(key): self._clean(each) for key, each in thing.items()}
        new = {}
        for name in _texts(kind):
            old = getattr(thing, name)
            cleaned = self._clean(old)
            if cleaned is not old:
                new[name] = cleaned
        return dataclasses.replace(thing, **new) if new else thing

    @functools.cached_property
    def _short_text(self) -> typing.Callable[[str], str]:
        return functools.lru_cache(maxsize=65_536)(self.text)


@functools.cache
def _texts(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 - a dataclass
    """The fields of a dataclass that may hold a text from a plan: not flags, numbers, and fixed sets of words."""
    return tuple(
        field.name
        for field in dataclasses.fields(kind)
        if typing.get_origin(field.type) is not typing.Literal
        and not (isinstance(field.type, type) and issubclass(field.type, (bool, int, enum.Enum)))
    )


def _alternatives(words: list[str]) -> str:
    """An expression that matches one of the words, letter by letter; the words have the same length."""
    if not words[0]:
        return ""
    by_first: dict[str, list[str]] = {}
    for word in words:
        by_first.setdefault(word[0], []).append(word[1:])
    branches = [re.escape(first) + _alternatives(rest) for first, rest in by_first.items()]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
