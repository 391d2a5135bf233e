"""What clients saw is computed from their requests alone."""

from infra.preflight.drills.requests import Request, Round
from infra.preflight.drills.view import view
from infra.verification.exchange import Exchange


def request(ended: float, status: int | None, seconds: float = 1.0) -> Request:
    answer = None if status is None else Exchange("GET", "https://x/", {}, status, {}, b"", seconds, ended - seconds)
    return Request("ask", ended - seconds, seconds, answer, "" if status else "no answer")


def test_only_what_happened_between_fault_and_end_counts() -> None:
    asked = [request(9.9, 500), request(10.5, 200), request(20.9, 500), request(30.0, 500)]
    seen = view(asked, [], [], fault=10, end=20)
    assert (seen.requests, dict(seen.failures)) == (2, {"500": 1})


def test_out_is_from_the_fault_to_the_end_of_the_first_whole_round_after_the_last_failure() -> None:
    asked = [request(11, 502), request(12, 200, seconds=2.5), request(13, None)]
    rounds = [Round("a", 11.5, 12.5, True), Round("a", 13.5, 14, False), Round("a", 14, 16, True)]
    seen = view(asked, [], rounds, fault=10, end=20)
    assert seen.out == 6
    assert seen.failed_at == (1, 3)
    assert seen.longest == 2.5
    assert seen.words == ("2 of 3 requests failed (1x 502, 1x no answer), longest wait 2.5 s, whole again after 6.0 s")


def test_without_a_failure_nobody_was_out() -> None:
    seen = view([request(11, 200)], [], [], fault=10, end=20)
    assert (seen.out, seen.first_failure) == (0, None)


def test_without_a_whole_round_it_is_not_over() -> None:
    seen = view([request(11, 502)], [], [Round("a", 10, 12, True)], fault=10, end=20)
    assert seen.out is None
    assert "not whole again" in seen.words


def test_intruders_that_were_answered_are_kept_apart() -> None:
    seen = view([], [request(11, 401), request(12, None), request(13, 200)], [], fault=10, end=20)
    assert seen.refused == 2
    assert [each.status for each in seen.opened] == [200]
    assert not seen.failures
