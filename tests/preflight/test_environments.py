"""Every environment as it stands passes its preflight: every step, with nothing left behind."""

import pytest

from infra.environment import environment_names, load_environment
from tests.preflight.running import Preflights


def test_both_edge_topologies_are_among_them() -> None:
    topologies = {load_environment(name).variables["edge"]["topology"] for name in environment_names()}
    assert topologies == {"shared", "dedicated"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name == "development" else pytest.mark.long) for name in environment_names()],
)
def test_unedited_environment_passes(name: str, preflights: Preflights) -> None:
    report = preflights.run(name)
    assert report.exit_code == 0, report.output
    assert set(report.outcomes.values()) == {"passed"}, report.outcomes
    for file in ("preflight.html", "preflight.md", "preflight.junit.xml"):
        assert (report.folder / name / "preflight" / file).stat().st_size > 500
