"""What a person may name an image by: a digest, a tag, or either behind its repository."""

import re
from typing import Final

DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
# https://github.com/opencontainers/distribution-spec/blob/main/spec.md (pulling manifests)
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def digest_or_tag(given: str, repository: str) -> str:
    """The part of a name that says which image of a repository is meant.

    Args:
        given: `sha256:<64 hex digits>`, `<tag>`, `<repository>@sha256:…` or `<repository>:<tag>`.
        repository: that it has to be in.

    Returns:
        Digest or tag.

    Raises:
        ValueError: it is none of these, or is in another repository; says what is wrong.
    """
    named, named_digest = _split(given)
    if named and named != repository:
        raise ValueError(f"it is in {named}, and the tasks may pull from {repository} only: push it there.")
    if named_digest.startswith("sha256:"):
        if not DIGEST.fullmatch(named_digest):
            raise ValueError("a digest is sha256: and 64 hexadecimal digits, in small letters.")
    elif not _TAG.fullmatch(named_digest):
        raise ValueError(f"it is neither a digest (sha256:…) nor a tag nor {repository}@sha256:….")
    return named_digest


def _split(given: str) -> tuple[str, str]:
    """Repository, "" for none, and digest or tag."""
    if "@" in given:
        repository, _, digest = given.partition("@")
        return repository, digest
    if "/" in given:
        repository, _, tag = given.rpartition(":")
        return repository or given, tag
    return "", given
