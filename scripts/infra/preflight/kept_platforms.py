"""The platforms that were left running for a person: found by another command, and never one that has ended."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.environment import Environment
from infra.preflight.registry_view import RegistryView

_NOTES = "platforms"  # folder below that of the environment; each file holds the path of a platform's own file


@contextmanager
def noted(environment: Environment, view: RegistryView, file: Path) -> Iterator[None]:
    """Let other commands find a platform for as long as the block runs.

    Args:
        environment: whose platform it is.
        view: it.
        file: new, in the run's own folder, which is gone when the run is, however that ends: keys are in it.
    """
    view.write(file)
    folder = environment.build / _NOTES
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / f"{time.time_ns()}-{view.account.instance_id}"
    note.write_text(str(file))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def find_platform(environment: Environment) -> RegistryView | None:
    """The platform of an environment that was left running; the youngest, where there are several.

    Args:
        environment: the environment.

    Returns:
        The platform when it runs; otherwise None. What one that was killed left is removed.
    """
    for note in sorted((environment.build / _NOTES).glob("*"), reverse=True):
        try:
            view = RegistryView.read(Path(note.read_text()))
        except OSError:
            note.unlink(missing_ok=True)
            continue
        if view.account.alive():
            return view
        note.unlink(missing_ok=True)
    return None
