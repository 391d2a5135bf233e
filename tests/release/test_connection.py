"""A short silence is bridged, a long one ends the apply."""

import itertools
from collections.abc import Iterable

from infra.account.selection import Account
from infra.release.connection import ConnectionWatch

ACCOUNT = Account("aws", "123456789012", "arn:aws:sts::123456789012:user/ada", "", None, "a test")


def watch(answers: Iterable[bool]) -> ConnectionWatch:
    coming = iter(answers)
    return ConnectionWatch(ACCOUNT, "us-east-1", patience_seconds=0.2, ask=lambda *_: next(coming))


def test_a_long_silence_is_a_loss() -> None:
    with watch(itertools.repeat(False)) as silent:
        assert silent.lost.wait(10)


def test_short_silences_are_not() -> None:
    asked = itertools.cycle([False, False, False, True])
    with watch(asked) as shaky:
        assert not shaky.lost.wait(1)


def test_nothing_is_asked_after_the_end() -> None:
    with watch([True] * 3) as ended:
        pass
    ended._thread.join(10)
    assert not ended._thread.is_alive()
    assert not ended.lost.is_set()
