"""A preflight that is interrupted, killed, or kept running for a person: what is there meanwhile, and what is left."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.verification.client import client_python
from tests.preflight.running import Preflights

ENVIRONMENT = "development"


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The temporary folder of the preflights of this test alone; its name is short, as those of sockets have to be."""
    folder = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    folder.chmod(0o711)
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def processes_of(folder: Path) -> list[str]:
    """Command lines of processes that know a folder: by their arguments, environment or working directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            facts = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if str(folder).encode() in facts or str((process / "cwd").resolve()).startswith(str(folder)):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has just ended
            continue
    return [line for line in found if line]


def wait_for(build: Path, words: str, process: "subprocess.Popen[str]") -> str:
    """The output of a run once it has these words."""

    def output() -> str:
        return (build / "output").read_text()

    assert eventually(lambda: words in output() or process.poll() is not None, 600), output()
    assert words in output(), output()
    return output()


@pytest.mark.parametrize(
    ("number", "exit_code"),
    [
        pytest.param(signal.SIGINT, 130, marks=pytest.mark.long),
        pytest.param(signal.SIGTERM, 130, marks=pytest.mark.long),
        (signal.SIGKILL, -9),
    ],
)
def test_nothing_is_left_of_a_run_that_ends_early(
    preflights: Preflights, temporary: Path, number: int, exit_code: int
) -> None:
    process, build = preflights.start(ENVIRONMENT)
    wait_for(build, "✓ migration", process)
    assert eventually(lambda: sum("mlflow" in line for line in processes_of(temporary)) > 1, 120)
    os.kill(process.pid, number)
    assert process.wait(120) == exit_code
    assert eventually(lambda: not processes_of(temporary), 60), processes_of(temporary)
    assert eventually(lambda: not list(temporary.iterdir()), 60), list(temporary.iterdir())
    assert "Traceback" not in (build / "output").read_text()


@pytest.mark.long
def test_what_is_kept_running_can_be_used_and_is_gone_after_ctrl_c(
    preflights: Preflights, temporary: Path, tmp_path: Path
) -> None:
    process, build = preflights.start(ENVIRONMENT, "--keep")
    output = wait_for(build, "Ctrl-C ends it", process)
    [settings] = re.findall(r"source (\S+)", output)
    script = "import mlflow; mlflow.set_experiment('mine'); print(len(mlflow.search_experiments()), 'experiments')"
    used = subprocess.run(
        ["/bin/sh", "-c", f'. {settings}; exec "$0" -c "$1"', str(client_python()), script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "2 experiments" in used.stdout, used.stderr
    [command] = [line.strip() for line in output.splitlines() if "curl" in line and "registry" in line]
    curled = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert '"ok"' in curled.stdout, curled.stderr
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(120) == 0
    assert eventually(lambda: not processes_of(temporary), 60), processes_of(temporary)
    assert not list(temporary.iterdir())


def test_a_machine_that_cannot_run_it_says_so(preflights: Preflights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_PLUGIN_MIRROR", "/nonexistent")
    report = preflights.run(ENVIRONMENT)
    assert report.exit_code == 2
    assert "could not run" in report.output
    assert "TF_PLUGIN_MIRROR" in report.output
    assert report.outcomes["could run"] == "error"
