"""environments/<env>/images.tfvars: which image each program runs, by digest. Whoever deploys rewrites it here.

Terraform stays the only owner of what runs: a deploy is a change of this file, planned and reviewed like any other.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import hcl2
from lark.exceptions import LarkError

from infra.environment import Environment
from infra.errors import InfraError

# A tag can be moved after the review; a digest cannot.
REFERENCE: Final = re.compile(
    r"(?P<repository>[a-z0-9][a-z0-9.-]*(?::[0-9]+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+)@(?P<digest>sha256:[0-9a-f]{64})"
)
_PARTIAL: Final = ".images.tfvars.partial"
_AS_PLAIN_VALUES: Final = hcl2.SerializationOptions(
    strip_string_quotes=True, with_comments=False, explicit_blocks=False
)


def images_path(environment: Environment) -> Path:
    """The file of an environment.

    Args:
        environment: the environment.

    Returns:
        Its path.
    """
    return environment.folder / "images.tfvars"


def read_images(environment: Environment) -> dict[str, str]:
    """What the file says now; `environment.variables` holds what it said when the environment was loaded.

    Args:
        environment: whose file.

    Returns:
        Program -> repository and digest.

    Raises:
        InfraError: it is missing, no HCL, or holds something else than images by digest.
    """
    text = _text(environment)
    return _parsed(environment, text)


def write_images(environment: Environment, images: Mapping[str, str]) -> bool:
    """Change the images of some programs; everything else in the file, comments too, stays byte for byte.

    Args:
        environment: whose file.
        images: program -> repository and digest.

    Returns:
        Whether the file had to be changed. It is replaced in one step: nobody ever sees half of it.

    Raises:
        InfraError: the file does not name a program, a reference is not `<repository>@sha256:<64 hex digits>`, or the
            file is written in a way that cannot be edited line by line. Then nothing was written.
    """
    for program, reference in images.items():
        require_reference(program, reference)
    text = _text(environment)
    there = _parsed(environment, text)
    unknown = sorted(set(images) - set(there))
    if unknown:
        raise InfraError(
            f"{_shown(environment)} names no {', '.join(unknown)}; it has {', '.join(sorted(there))}. Say one of these."
        )
    wanted = there | dict(images)
    if wanted == there:
        return False
    changed = text
    for program, reference in images.items():
        changed = _with(changed, program, there[program], reference)
    if _values(environment, changed) != _values(environment, text) | {"images": wanted}:
        raise InfraError(
            f'{_shown(environment)} is not written with one line a program, as in `gateway = "<repository>@sha256:…"`,'
            " and was left as it is. Write it so, then run the command again."
        )
    _replace(images_path(environment), changed)
    return True


def require_reference(program: str, reference: str) -> re.Match[str]:
    """Refuse an image that is not named by its digest.

    Args:
        program: whose image, for the message.
        reference: what was given.

    Returns:
        The match, with `repository` and `digest`.

    Raises:
        InfraError: it is something else.
    """
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise InfraError(
            f"The image of {program} must be <repository>@sha256:<64 hexadecimal digits>, not {reference!r}: a tag can "
            "be moved after the review."
        )
    return match


def _with(text: str, program: str, there: str, reference: str) -> str:
    line = re.compile(rf'^(?P<name>\s*"?{re.escape(program)}"?\s*[=:]\s*"){re.escape(there)}(?=")', re.MULTILINE)
    return line.sub(lambda match: match["name"] + reference, text)


def _parsed(environment: Environment, text: str) -> dict[str, str]:
    images = _values(environment, text).get("images")
    if not isinstance(images, dict) or not images:
        raise InfraError(f"{_shown(environment)} holds no map `images`. Restore it: {_restore(environment)}.")
    for program, reference in images.items():
        if not isinstance(reference, str):
            raise InfraError(f"{_shown(environment)}: {program} must be a string, but is {reference!r}.")
        require_reference(program, reference)
    return dict(images)


def _values(environment: Environment, text: str) -> dict[str, Any]:
    try:
        return dict(hcl2.loads(text, serialization_options=_AS_PLAIN_VALUES))
    except LarkError as error:
        raise InfraError(
            f"{_shown(environment)} is not valid HCL: {str(error).partition(chr(10))[0]}. Mend it, or restore it: "
            f"{_restore(environment)}."
        ) from error


def _text(environment: Environment) -> str:
    try:
        return images_path(environment).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InfraError(
            f"{_shown(environment)} cannot be read ({error}). Restore it: {_restore(environment)}."
        ) from error


def _replace(path: Path, text: str) -> None:
    # Beside the file, since only within one file system a rename is one step; ignored by git, so that one that a kill
    # left behind makes no tree unclean. The next write takes its place.
    partial = path.with_name(_PARTIAL)
    try:
        with partial.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(path.stat().st_mode & 0o777)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _shown(environment: Environment) -> str:
    return f"environments/{environment.name}/images.tfvars"


def _restore(environment: Environment) -> str:
    return f"`git checkout -- {_shown(environment)}`"
