"""A folder of reports that come into being together: it has those of one run, or none."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from infra.errors import InfraError


def replace_reports(folder: Path, texts: Mapping[str, str], whose: str) -> None:
    """Write the files of a folder of reports; what was in it before is gone.

    Args:
        folder: where to; it is made, readable by its owner alone like every file in it, and replaced as a whole.
        texts: content by file name.
        whose: as in "the review", for the error.

    Raises:
        InfraError: they could not be written.
    """
    try:
        _replace(folder, texts)
    except OSError as error:
        raise InfraError(f"The reports of {whose} could not be written to {folder}: {error}") from error


def _replace(folder: Path, texts: Mapping[str, str]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))  # mode 0700
    try:
        for name, text in texts.items():
            (workshop / name).touch(mode=0o600)
            (workshop / name).write_text(text, encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        workshop.rename(folder)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
