"""A program that is told to end, and when it hears of it."""

import signal
import subprocess
import sys
import time

import pytest

from infra.repository import ROOT

# Says when it hears of SIGTERM, and ends with a code of its own.
PROGRAM = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("runs", flush=True)
signal.sigwait([signal.SIGTERM])
sys.exit(7)
"""


def started(seconds: int, program: str = PROGRAM) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "mlflow_server.lingering", str(seconds), sys.executable, "-c", program]
    process = subprocess.Popen(command, cwd=ROOT / "services/mlflow", stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "runs\n"
    return process


@pytest.mark.parametrize(
    ("seconds", "signals", "least"),
    [
        (2, [signal.SIGTERM], 2.0),
        (0, [signal.SIGTERM], 0.0),
        (60, [signal.SIGTERM, signal.SIGTERM], 0.0),
        (60, [signal.SIGINT], 0.0),
        (60, [signal.SIGTERM, signal.SIGINT], 0.0),
    ],
)
def test_when_the_program_hears_of_it(seconds: int, signals: list[signal.Signals], least: float) -> None:
    with started(seconds) as process:
        began = time.monotonic()
        for number in signals:
            process.send_signal(number)
            time.sleep(0.1)  # two of a kind at once are one
        assert process.wait(50) == 7
        assert time.monotonic() - began >= least


def test_a_signal_in_the_first_moment_is_heard() -> None:
    """The program is quicker to send it than this process is to wait for signals: it must not be lost."""
    command = [sys.executable, "-m", "mlflow_server.lingering", "60", "sh", "-c", "kill -INT $PPID; exec sleep 20"]
    for _ in range(30):
        ended = subprocess.run(command, cwd=ROOT / "services/mlflow", timeout=15, check=False)
        assert ended.returncode == 128 + signal.SIGTERM


def test_the_program_has_no_signals_blocked() -> None:
    with started(
        0, "import signal; print('runs'); raise SystemExit(len(signal.pthread_sigmask(signal.SIG_BLOCK, [])))"
    ) as process:
        assert process.wait(50) == 0


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("print('runs'); raise SystemExit(3)", 3),
        ("import os; print('runs', flush=True); os.kill(os.getpid(), 9)", 137),
    ],
)
def test_the_programs_end_is_its_own(program: str, code: int) -> None:
    with started(60, program) as process:
        assert process.wait(50) == code
