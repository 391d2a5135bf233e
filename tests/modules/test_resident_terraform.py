"""The Terraform that plans the modules: it ends before its open files are too many, and nobody notices."""

import subprocess

from tests.resident_terraform import IDLE_SECONDS, RUNS, ResidentTerraform


def ask(resident: ResidentTerraform) -> None:
    answer = subprocess.run(
        [str(resident.client), "version"], env=resident.environment, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("Terraform v")


def test_ends_after_some_runs(resident: ResidentTerraform) -> None:
    before = len(resident.servers)
    for _ in range(RUNS + 1):
        ask(resident)
    assert len(resident.servers) > before


def test_ends_when_nothing_is_asked_of_it(resident: ResidentTerraform) -> None:
    ask(resident)
    asked = resident.servers[-1]
    asked.wait(timeout=IDLE_SECONDS * 6)
    ask(resident)


def test_answers_when_it_died(resident: ResidentTerraform) -> None:
    for _ in range(3):
        resident.servers[-1].kill()
        resident.servers[-1].wait()
        ask(resident)
