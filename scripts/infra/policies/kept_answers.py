"""What checkov said about a configuration that has not changed since: a root's scan takes half a second to three.

Only checkov's answer is kept; it is judged anew each time, and a scan of the canaries is never kept. An answer counts
as long as nothing that could change it did: the program, its environment, the checks of our own, and every file beside
one that checkov read. An answer with an error is not kept. Where the checkout lies does not matter.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Answer = Mapping[str, Any]


class KeptAnswers:
    """The answers, a file a root.

    Args:
        folder: where they are kept.
        checkout: folder that holds the configuration.
        program: the scan's program.
        environment: file that says what the program's environment was installed from.
        checks: folders with checks of our own.
    """

    def __init__(self, folder: Path, checkout: Path, program: Path, environment: Path, checks: Sequence[Path]) -> None:
        self._folder = folder
        self._checkout = checkout.resolve()
        self._began = time.time()
        self._made_by = self._digest([program, environment, *(file for each in checks for file in _files(each))])

    def get(self, root: Path) -> Answer | None:
        """The answer about a root module.

        Args:
            root: its folder.

        Returns:
            What checkov said; None when it must be asked.
        """
        try:
            kept = json.loads(self._path(root).read_text())
            answer = _with_paths(kept["answer"], lambda path: str(self._checkout / path))
            return answer if kept["from"] == self._made_from(root, answer) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None  # never kept, or cut short: asking again is what helps

    def keep(self, root: Path, answer: Answer) -> None:
        """Keep an answer, if it is one to rely on.

        Args:
            root: the root module's folder.
            answer: what checkov said about it.
        """
        files = [file for folder in _folders(root, answer) for file in _files(folder)]
        # What was written meanwhile may not be what checkov read.
        if answer["errors"] or any(file.stat().st_mtime >= self._began for file in files):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(root)
        new = path.with_suffix(f".{os.getpid()}")
        shown = _with_paths(answer, self._relative)
        new.write_text(json.dumps({"from": self._made_from(root, answer), "answer": shown}))
        new.replace(path)

    def _path(self, root: Path) -> Path:
        return self._folder / f"{hashlib.sha256(self._relative(root.resolve()).encode()).hexdigest()[:32]}.json"

    def _made_from(self, root: Path, answer: Answer) -> str:
        files = [file for folder in _folders(root, answer) for file in _files(folder)]
        return f"{self._made_by} {self._digest(files)}"

    def _relative(self, path: str | Path) -> str:
        """As it is the same in every checkout; what lies outside stays as it is."""
        return str(Path(path).relative_to(self._checkout) if Path(path).is_relative_to(self._checkout) else path)

    def _digest(self, files: Iterable[Path]) -> str:
        digest = hashlib.sha256()
        for file in files:
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"{self._relative(file.resolve())}\0{content}\n".encode())
        return digest.hexdigest()


def _with_paths(answer: Answer, shown: Callable[[str], str]) -> Answer:
    """The answer with each path in it replaced."""
    places = {
        name: [{**each, "file": shown(each["file"])} for each in answer.get(name, [])] for name in ("failed", "skipped")
    }
    return {**answer, **places, "files": [shown(file) for file in answer["files"]]}


def _folders(root: Path, answer: Answer) -> list[Path]:
    return sorted({root.resolve(), *(Path(file).parent for file in answer["files"])})


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []  # whoever judges the answer says so
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
