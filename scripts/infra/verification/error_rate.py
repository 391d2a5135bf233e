"""Steps about errors: not more of the requests fail than before."""

import math
import time
from collections.abc import Sequence

from infra.verification.authentication import READ
from infra.verification.evidence import Comparison
from infra.verification.front_door import expect_status
from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

# Of fewer requests one error is noise; modules/observability goes by the same number.
LEAST_REQUESTS = 20
# How seldom the same share of errors may show as many as were seen, before they are called more.
CHANCE = 0.05


def more_than_before(comparison: Comparison) -> bool:
    """Whether more requests fail since the verification began.

    With 20 requests or more before, both times are held against each other: if the share of errors were the same, each
    error would fall into one of them as its requests do, so the number of errors since follows a binomial distribution.
    As many errors as there were, or more, must not be less likely than one in twenty: a single error among thousands is
    no change for the worse. With fewer requests before there is nothing to hold them against. What was counted since is
    then little else than the verification's own requests, of which none may fail.

    Args:
        comparison: the traffic before and since.

    Returns:
        Whether it is a change for the worse.
    """
    before, since = comparison.before, comparison.since
    if before.requests < LEAST_REQUESTS:
        return since.errors > 0
    if since.share <= before.share:
        return False
    errors = before.errors + since.errors
    chance = since.requests / (before.requests + since.requests)
    tail = sum(
        math.comb(errors, count) * chance**count * (1 - chance) ** (errors - count)
        for count in range(since.errors, errors + 1)
    )
    return tail < CHANCE


def _not_above_before(target: Target) -> str:
    probed = time.time()
    for _ in range(LEAST_REQUESTS):
        expect_status(target.ask(*READ, key=target.keys.writing), 200, "The registry answers")
        expect_status(target.ask("GET", "/health", host=target.auth), 200, "The auth service answers")
    compared = target.evidence.traffic.compared(probed, LEAST_REQUESTS)
    worse = [each for each in compared if more_than_before(each)]
    if worse:
        raise CheckFailed(
            "More requests fail than before: " + _told(worse),
            remedy="The gateway's log has each failed request with its reason: outcome server_error or aborted.",
        )
    return _told(compared)


def _told(compared: Sequence[Comparison]) -> str:
    return "; ".join(f"at {each.place} {each.since} failed, {each.before} before" for each in compared)


STEPS = (
    Step(
        "error-rate",
        "Not more of the requests fail than before this began",
        _not_above_before,
        needs=("bearer-auth",),
    ),
)
