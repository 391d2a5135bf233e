"""Which environments a change touches."""

from collections.abc import Iterable, Sequence

# What every environment is made of or planned with. Documentation and tests change no plan.
_SHARED = ("modules/", "environments/", "services/", "policies/", "scripts/", "requirements/", ".github/workflows/")
_SHARED_FILES = {"Makefile", "pyproject.toml", ".checkov.yaml"}
_NO_EFFECT = (".md",)


def touched_environments(changed: Iterable[str], environments: Sequence[str]) -> list[str]:
    """The environments whose plan a change can alter.

    Args:
        changed: paths that differ, relative to the repository; of a renamed file both.
        environments: all of them.

    Returns:
        Those touched, sorted: one for a file in its own folder, all for what they share.
    """
    touched: set[str] = set()
    for path in changed:
        own = next((name for name in environments if path.startswith(f"environments/{name}/")), None)
        if own:
            touched.add(own)
        elif _is_shared(path):
            return sorted(environments)
    return sorted(touched)


def _is_shared(path: str) -> bool:
    return path in _SHARED_FILES or (path.startswith(_SHARED) and not path.endswith(_NO_EFFECT))
