"""Reviews that nobody would think of."""

from hypothesis import strategies as st

from infra.review.gate import Decision, Verdict
from infra.review.model import Action, AttributeChange, Change, Consequence, Finding, Review, Risk, Severity
from tests.review.reports.samples import HOSTILE, change, review

# Any code point, halves of surrogate pairs too, as JSON can hold them; and what is known to be dangerous.
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.text("`|<>@#&\\\n\r*_[]()!~:/.w-$'\"\x1b\u202e", max_size=60),
    st.sampled_from(HOSTILE),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.lists(inner, max_size=3), max_leaves=4
)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """A change with anything in it."""
    text = draw(TEXTS)
    attributes = st.builds(AttributeChange, TEXTS, VALUES, VALUES, st.booleans(), st.booleans(), st.booleans())
    return change(
        f'module.m["{text}"].x.y',
        draw(st.sampled_from(Action)),
        module=f'module.m["{text}"]',
        reason=draw(TEXTS),
        previous_address=draw(TEXTS),
        attributes=tuple(draw(st.lists(attributes, max_size=4))),
        replace_paths=tuple(draw(st.lists(TEXTS, max_size=3))),
        consequences=(Consequence(draw(st.sampled_from(Risk)), draw(TEXTS), acknowledge=draw(st.booleans())),),
    )


@st.composite
def reviews(draw: st.DrawFn) -> Review:
    """A review of up to 600 changes: a few kinds, each many times, so that limits are met."""
    kinds = draw(st.lists(changes(), max_size=4))
    times = draw(st.integers(1, 150))
    findings = st.builds(Finding, TEXTS, TEXTS, TEXTS, st.sampled_from(Severity), TEXTS, TEXTS, st.just("policy"))
    return review(*(kinds * times), findings=tuple(draw(st.lists(findings, max_size=4)) * times))


VERDICTS = st.builds(
    Verdict,
    st.sampled_from(Decision),
    st.lists(TEXTS, max_size=4).map(tuple),
    st.lists(TEXTS, max_size=3).map(tuple),
    st.integers(0, 2),
)
