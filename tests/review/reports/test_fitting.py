"""A report that does not fit loses what matters least, and says how much."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.review.reports.fitting import Form, Piece, fit, fixed

_PIECES = st.lists(st.tuples(st.integers(1, 300), st.integers(0, 900)), max_size=30)


def _piece(number: int, least: int, more: int) -> Piece:
    short = Form(f"{number};".ljust(least, "."), Counter({"short": 1}))
    return Piece(short, Counter({"gone": 1}), lambda _: iter([Form(short.text + "é" * more, Counter())]))


@settings(deadline=None)
@given(_PIECES, st.integers(-10, 4000))
def test_it_fits_and_every_piece_is_shown_or_counted(sizes: list[tuple[int, int]], budget: int) -> None:
    pieces = [_piece(number, *size) for number, size in enumerate(sizes)]
    texts, left_out = fit(pieces, budget)
    assert len("".join(texts).encode()) <= max(budget, 0)
    assert len(texts) + left_out["gone"] == len(pieces)
    assert left_out["short"] >= sum("é" not in text and more > 0 for text, (_, more) in zip(texts, sizes, strict=False))


@settings(deadline=None)
@given(_PIECES, st.integers(0, 4000))
def test_what_is_dropped_is_the_end(sizes: list[tuple[int, int]], budget: int) -> None:
    texts, _ = fit([_piece(number, *size) for number, size in enumerate(sizes)], budget)
    assert all(text.startswith(f"{number};"[: len(text)]) for number, text in enumerate(texts))


def test_the_first_piece_gets_the_room_that_is_left() -> None:
    texts, left_out = fit([_piece(0, 100, 200), _piece(1, 100, 200)], 700)
    assert [len(text.encode()) for text in texts] == [500, 100]
    assert left_out == Counter({"short": 1})


def test_nothing_less_important_takes_the_place_of_what_does_not_fit() -> None:
    texts, left_out = fit([fixed("a" * 10, "letter"), fixed("b" * 100, "letter"), fixed("c", "letter")], 50)
    assert texts == ["a" * 10]
    assert left_out == Counter({"letter": 2})
