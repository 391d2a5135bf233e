"""A ledger that nobody touched holds; every way of touching it is found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from infra.errors import InfraError
from infra.release.ledger.chain import Stored, key_of, number_of, open_entry, verify, written_state
from infra.release.ledger.entry import Entry, Kind, Outcome, parse
from tests.release.ledger.samples import chained, history, record, state, stored

Touch = Callable[[list[Stored]], list[Stored]]


def problems(touched: list[Stored], serial: int = 5) -> str:
    return "; ".join(verify(touched, "staging", state(serial)))


def test_an_untouched_ledger_holds() -> None:
    assert problems(stored(history())) == ""
    assert verify([], "staging", state(0)) == []


def edited(number: int) -> Touch:
    """The entry says something else, and looks as if it always had."""

    def touch(objects: list[Stored]) -> list[Stored]:
        entry = parse(objects[number - 1].content or b"")
        other = Entry(entry.number, entry.previous, replace(entry.record, who="somebody else"))
        return [*objects[: number - 1], replace(objects[number - 1], content=other.bytes), *objects[number:]]

    return touch


def replaced_without_trace_in_the_chain(objects: list[Stored]) -> list[Stored]:
    """The last entry is written anew and all of its versions but the last are gone; only S3's clock tells."""
    later = objects[-1].modified + timedelta(hours=1)
    return [*objects[:-2], replace(objects[-2], modified=later), objects[-1]]


@pytest.mark.parametrize(
    ("touch", "found"),
    [
        (lambda objects: objects[:3] + objects[4:], "entry 4 is missing"),
        (lambda objects: objects[1:], "entry 1 is missing"),
        (edited(1), "entry 1 was edited: entry 2 names another hash of it"),
        (edited(6), "entry 6 was edited"),
        (replaced_without_trace_in_the_chain, "entry 7 was written after entry 8"),
        (lambda objects: [*objects[:-1], replace(objects[-1], versions=2)], "entry 8 was replaced"),
        (lambda objects: [*objects[:-1], replace(objects[-1], content=None)], "entry 8 was deleted at"),
        (lambda objects: objects[:-1], "the outcome of entry 7 (apply) is unknown"),
        (lambda objects: objects[:3], "last written by something else: the ledger knows serial 3"),
        (lambda objects: [replace(objects[0], content=b"{}"), *objects[1:]], "entry 1 cannot be read"),
        (
            lambda objects: [replace(objects[0], content=(objects[0].content or b"") + b"\n"), *objects[1:]],
            "entry 1 cannot be read: it is not written as",
        ),
        (
            lambda objects: [*objects[:2], replace(objects[2], content=objects[3].content), *objects[3:]],
            "entry 3 says that it is entry 4",
        ),
        (lambda objects: [*objects, replace(objects[0], key="ledger/1.json")], "ledger/1.json is no name"),
    ],
)
def test_what_was_touched_is_found(touch: Touch, found: str) -> None:
    assert found in problems(touch(stored(history())))


def test_the_beginning_cannot_be_cut_off() -> None:
    """Entries from the third on, numbered anew, but the first of them names one before it."""
    entries = history()
    first = Entry(1, entries[1].hash, entries[3].record)
    assert "the beginning of the ledger is gone" in problems(stored([first]))


def test_an_entry_of_another_environment() -> None:
    entries = chained([record(Kind.PLAN, Outcome.SUCCEEDED, environment="production")])
    assert "entry 1 is one of production" in problems(stored(entries), 0)


def test_the_state_must_be_what_the_last_writer_left() -> None:
    assert "the state (serial 6 of" in problems(stored(history()), 6)
    assert "the state (serial 6 of 5f0e7a2c) was not written by any entry" in problems([], 6)
    other_lineage = replace(state(5), lineage="another")
    assert verify(stored(history()), "staging", other_lineage)


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ([record(), record()], "entry 2 was begun while the outcome of entry 1 was unknown"),
        ([record(Kind.APPLY, Outcome.SUCCEEDED, closes=1)], "entry 1 closes entry 1, which was not open"),
        (
            [record(), *[record(Kind.APPLY, Outcome.FAILED, closes=1, state=state(1))] * 2],
            "entry 3 closes entry 1, which was not open",
        ),
        (
            [record(), record(Kind.APPLY, Outcome.FAILED, closes=1, state=state(2)), record(state=state(4))],
            "entry 3 began with another state (serial 4 of 5f0e7a2c) than the one left (serial 2 of 5f0e7a2c)",
        ),
    ],
)
def test_what_cannot_have_happened(records: list[object], found: str) -> None:
    assert found in problems(stored(chained(records)), 1)  # type: ignore[arg-type]


def test_what_is_open() -> None:
    entries = history()
    assert open_entry(reversed(entries)) is None
    assert open_entry(reversed(entries[:7])) == entries[6]
    note = chained([*[each.record for each in entries[:7]], record(Kind.VERIFICATION, Outcome.FAILED)])
    assert open_entry(reversed(note)) == note[6], "a verification closes nothing"
    assert open_entry([]) is None


def test_what_the_state_is() -> None:
    entries = history()
    assert written_state(reversed(entries)) == state(5)
    assert written_state(reversed(entries[:7])) == state(3), "an apply that began has written nothing yet"
    assert written_state(reversed(entries[:2])) is None


@pytest.mark.parametrize("key", ["ledger/1.json", "ledger/00000000.json", "ledger/0000000\u0661.json", "x", "ledger/"])
def test_other_names_are_no_entries(key: str) -> None:
    assert number_of(key) == 0


def test_keys_sort_as_numbers() -> None:
    assert [number_of(key) for key in sorted(key_of(number) for number in (10, 9, 100))] == [9, 10, 100]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is no entry"),
        (b"[]", "it is no entry"),
        (b'{"format":2}', "it has format 2"),
        (history()[0].bytes.replace(b'"kind":"plan"', b'"kind":"party"'), "it is no entry"),
        (history()[0].bytes.replace(b'"note":"",', b""), "it is not written as"),
        (history()[0].bytes.replace(b'"note"', b'"extra"'), "it is no entry"),
    ],
)
def test_what_is_no_entry(content: bytes, why: str) -> None:
    with pytest.raises(InfraError, match=why):
        parse(content)


def test_an_entry_survives_its_bytes() -> None:
    for entry in history():
        assert parse(entry.bytes) == entry
