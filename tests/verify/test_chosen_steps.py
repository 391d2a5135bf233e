"""Which steps a verification runs."""

import pytest

from infra.errors import InfraError
from infra.verification.api_keys import Keys
from infra.verification.catalogue import ALL_STEPS, steps_for
from infra.verify.chosen_steps import Chosen, choose, names_of
from infra.verify.running_images import RunningImages

FIRST, LAST = RunningImages().steps
KNOWN = (FIRST, *ALL_STEPS, LAST)
EVERY_KEY = Keys("w", "r", "l", "f")


def chosen(wanted: str, keys: Keys = EVERY_KEY, *, emulated: bool = False) -> Chosen:
    return choose(KNOWN, names_of(KNOWN, wanted), keys, emulated=emulated)


def names(found: Chosen) -> list[str]:
    return [step.name for step in found.steps]


def test_names_are_unique_and_needs_come_first() -> None:
    order = [step.name for step in KNOWN]
    assert len(set(order)) == len(order)
    for step in KNOWN:
        assert all(order.index(need) < order.index(step.name) for need in step.needs), step.name


def test_everything_is_the_whole() -> None:
    found = chosen("")
    assert names(found) == [step.name for step in KNOWN]
    assert (found.whole, found.added, found.left_out) == (True, (), ())


def test_what_cannot_be_asked_is_left_out_of_the_whole_and_said() -> None:
    found = chosen("", Keys("w", reading="r"), emulated=True)
    assert found.left_out == (
        ("rollout", "an emulated account runs nothing"),
        ("foreign-key", "VERIFY_FOREIGN_KEY is not set"),
        ("legacy-key", "VERIFY_LEGACY_KEY is not set"),
    )
    assert not {"rollout", "foreign-key", "legacy-key"} & set(names(found))
    assert found.whole
    asked = [step.name for step in steps_for(Keys("w", reading="r"), emulated=True)]
    assert names(found) == ["images", *asked, "same-images"]


def test_what_a_step_needs_is_run_too_and_so_is_what_removes_what_it_makes() -> None:
    found = chosen("registry")
    assert names(found) == ["hosts", "bearer-auth", "model", "registry", "cleanup"]
    assert found.added == ("hosts", "bearer-auth", "model", "cleanup")
    assert not found.whole
    assert names(chosen("alarms , keep-alive,alarms")) == ["keep-alive", "alarms"]
    assert names(chosen("same-images")) == ["images", "same-images"]


@pytest.mark.parametrize(
    ("wanted", "says"), [("alarm", "There is no step alarm. The steps are: images, rollout, hosts"), (" , ", "no step")]
)
def test_an_unknown_step_is_an_error_with_all_names(wanted: str, says: str) -> None:
    with pytest.raises(InfraError, match=says):
        names_of(KNOWN, wanted)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [("scopes", "cannot be asked: VERIFY_READING_KEY is not set"), ("rollout", "an emulated account runs nothing")],
)
def test_a_step_that_cannot_be_asked_is_an_error_when_it_was_named(wanted: str, says: str) -> None:
    with pytest.raises(InfraError, match=says):
        chosen(f"hosts,{wanted}", Keys("w"), emulated=True)


def test_every_step_that_uses_the_client_to_write_is_cleaned_up_after() -> None:
    made = {step.name for step in KNOWN if step.leaves}
    assert made == {"simple-registration", "experiments", "runs", "artifacts", "model", "registry", "traces"}
