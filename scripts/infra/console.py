"""What a person sees: progress while something runs, and lines that a log keeps."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

# Progress goes to stderr, so that `infra ... > file` holds only the answer. soft_wrap: a log line stays one line.
# emoji: an ARN of Secrets Manager holds ":secret:", for which rich would print a character.
_progress = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)
_answer = Console(soft_wrap=True, highlight=False, emoji=False)


def say(text: str = "", style: str | None = None) -> None:
    """Print a line of the answer to stdout.

    Args:
        text: the line, taken literally (no markup).
        style: a rich style such as "bold" or "red"; only seen on a terminal.
    """
    _answer.print(text, style=style, markup=False)


def note(text: str, style: str | None = None) -> None:
    """Print a line about what is going on to stderr.

    Args:
        text: the line, taken literally (no markup).
        style: a rich style; only seen on a terminal.
    """
    _progress.print(text, style=style, markup=False)


class Step:
    """A running step, whose detail may change while it runs."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._status = _progress.status(title) if _progress.is_terminal else None
        if self._status:
            self._status.start()

    def detail(self, text: str) -> None:
        """Show what the step is doing now; only on a terminal, where it can be taken back.

        Args:
            text: a few words.
        """
        if self._status:
            self._status.update(f"{self._title}: {text}")

    def stop(self) -> None:
        """Take the moving line off the terminal."""
        if self._status:
            self._status.stop()


@contextmanager
def progress(title: str) -> Iterator[Step]:
    """Show that a step is running, and afterwards one line with the time that it took.

    Args:
        title: what the step does, in the present participle.

    Yields:
        The step, to report details to.
    """
    started = time.monotonic()
    step = Step(title)
    outcome = "failed"
    try:
        yield step
        outcome = "done"
    except KeyboardInterrupt:
        outcome = "interrupted"
        raise
    finally:
        step.stop()
        mark = {"done": "✓", "failed": "✗", "interrupted": "■"}[outcome]
        note(f"  {mark} {title} ({time.monotonic() - started:.1f} s)")
