"""Fitting a report into a limited number of bytes: the least important part is shortened first, and counted."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

# With fewer bytes than this no longer form is made: it would hardly fit, and making it takes time.
_WORTH_TRYING = 200
# What a text leaves out: noun -> how many, as in {"changes only counted": 12}.
LeftOut = Counter[str]


@dataclass(frozen=True)
class Form:
    """One way to write a piece.

    Args:
        text: Markdown; empty when the piece is not shown at all.
        left_out: what it does not say.
    """

    text: str
    left_out: LeftOut

    @cached_property
    def size(self) -> int:
        """Bytes in UTF-8: GitHub counts characters, of which there are never more."""
        return len(self.text.encode())


@dataclass(frozen=True)
class Piece:
    """A part of a report that can be written at different lengths.

    Args:
        least: the shortest form that says something.
        absent: what is left out when not even that fits.
        fuller: given a number of bytes, the longer forms to try, the fullest first; made only when there is room.
    """

    least: Form
    absent: LeftOut
    fuller: Callable[[int], Iterator[Form]]


def fixed(text: str, noun: str) -> Piece:
    """A piece that is shown as it is or not at all.

    Args:
        text: Markdown.
        noun: what is left out when it does not fit.
    """
    return Piece(Form(text, Counter()), Counter({noun: 1}), lambda _: iter(()))


def fit(pieces: Sequence[Piece], budget: int) -> tuple[list[str], LeftOut]:
    """Choose how each piece is written.

    Args:
        pieces: the most important first; also the order in which they are shown.
        budget: bytes that all of them may take together.

    Returns:
        The texts that fit, and what they leave out. First every piece gets its shortest form, as far as they fit;
        what room is left goes to the first pieces.
    """
    used = list(accumulate(piece.least.size for piece in pieces))
    kept = pieces[: bisect_right(used, budget)]  # nothing that is less important than what does not fit
    left_out: LeftOut = Counter()
    for piece in pieces[len(kept) :]:
        left_out.update(piece.absent)
    budget -= used[len(kept) - 1] if kept else 0
    texts = []
    for piece in kept:
        room = budget + piece.least.size
        longer = piece.fuller(room) if budget > _WORTH_TRYING else iter(())
        chosen = next((form for form in longer if form.size <= room), piece.least)
        budget = room - chosen.size
        left_out.update(chosen.left_out)
        texts.append(chosen.text)
    return texts, +left_out  # without what is zero
