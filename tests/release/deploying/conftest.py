"""Every test of deploying takes a copy of what was applied once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.deploying.checkout import Deployable


@pytest.fixture
def deployable(applied: Deployable, tmp_path: Path) -> Iterator[Deployable]:
    """A copy of repository and accounts."""
    with applied.copy(tmp_path) as own:
        yield own
