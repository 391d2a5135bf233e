"""What .checkov.yaml may say, and what it is refused for."""

from pathlib import Path

import pytest

from infra.errors import InfraError
from infra.policies.checkov_settings import read_settings
from infra.repository import ROOT


def test_a_reason_belongs_to_the_skips_below_it(tmp_path: Path) -> None:
    path = tmp_path / ".checkov.yaml"
    path.write_text(
        "# About the file.\nskip-check:\n  - A_1\n  # Why,\n  # in two lines.\n  - B_1\n  - B_2\n"
        "  # Plan only: why.\n  - C_1\n  # Applied only: why.\n  - D_1\nskip-path:\n  - build\n"
    )
    skips = {skip.id: (skip.line, skip.reason, skip.plan_only, skip.applied_only) for skip in read_settings(path).skips}
    assert skips == {
        "A_1": (3, "", False, False),
        "B_1": (6, "Why, in two lines.", False, False),
        "B_2": (7, "Why, in two lines.", False, False),
        "C_1": (9, "Plan only: why.", True, False),
        "D_1": (11, "Applied only: why.", True, True),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("check:\n  - CKV_AWS_1\n", "no other setting"),
        ("soft-fail: true\n", "no other setting"),
        ("skip-check: [CKV_AWS_1]\n", "a line"),
        ("skip-check: CKV_AWS_1\n", "must be a list"),
        ("skip-check: [\n", "cannot be read"),
        ("- a\n", "must be a mapping"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / ".checkov.yaml"
    path.write_text(text)
    with pytest.raises(InfraError, match=message):
        read_settings(path)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(InfraError, match="cannot be read"):
        read_settings(tmp_path / ".checkov.yaml")


def test_every_skip_of_this_repository_has_a_reason() -> None:
    skips = read_settings(ROOT / ".checkov.yaml").skips
    assert len(skips) > 20
    assert [skip.id for skip in skips if len(skip.reason) < 20] == []
