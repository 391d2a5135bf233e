"""The workflows: what they may do, what they run, and that nobody outside can put words into a shell."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.repository import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
ZIZMOR = Path(sys.executable).parent / "zizmor"

# The most that any job may do. What is not here is read-only at most.
WRITES = {
    ("plan", "plan", "id-token"),
    ("plan", "tell", "pull-requests"),
    ("plan", "tell", "security-events"),
    ("gate", "judge", "id-token"),
    ("apply", "apply", "id-token"),
    ("drift", "drift", "id-token"),
    ("drift", "tell", "issues"),
}


def load(path: Path) -> dict[str, Any]:
    # YAML 1.1 reads `on` as true.
    content = yaml.safe_load(path.read_text())
    assert isinstance(content, dict)
    return {("on" if name is True else str(name)): value for name, value in content.items()}


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in load(path)["jobs"].items():
            yield path.stem, name, job


JOBS = list(jobs())
STEPS = [(workflow, name, step) for workflow, name, job in JOBS for step in job["steps"]]


def test_there_are_the_workflows_that_the_documents_name() -> None:
    assert [path.stem for path in WORKFLOWS] == ["apply", "checks", "drift", "gate", "plan"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_and_name_their_version(path: Path) -> None:
    used = re.findall(r"^.*\buses:.*$", path.read_text(), re.MULTILINE)
    assert used
    for line in used:
        assert re.fullmatch(r"\s*(- )?uses: [\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_one_action_has_one_version() -> None:
    used = {str(step["uses"]) for _, _, step in STEPS if "uses" in step}
    assert len({each.partition("@")[0] for each in used}) == len(used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_is_permitted_but_by_a_job(path: Path) -> None:
    assert load(path)["permissions"] == {}


def test_every_long_test_is_run_on_one_machine() -> None:
    listed = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-q",
            "-n0",
            "-p",
            "no:cacheprovider",
            "-m",
            "long",
            "tests",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": ""},  # a person's -v prints the list otherwise
        capture_output=True,
        text=True,
        check=True,
    )
    files = {line.partition("::")[0] for line in listed.stdout.splitlines() if "::" in line}
    [parts] = [
        job["strategy"]["matrix"]["tests"] for workflow, name, job in JOBS if (workflow, name) == ("checks", "long")
    ]
    places = [Path(place) for part in parts for place in part.split()]
    assert files
    assert {file: sum(Path(file).is_relative_to(each) for each in places) for file in files} == dict.fromkeys(files, 1)
    assert all(any(Path(file).is_relative_to(each) for file in files) for each in places)


def test_permissions_are_the_least() -> None:
    writes = {
        (workflow, name, scope)
        for workflow, name, job in JOBS
        for scope, level in job["permissions"].items()
        if level == "write"
    }
    assert writes == WRITES
    assert all(level in ("read", "write") for _, _, job in JOBS for level in job["permissions"].values())


def test_no_job_writes_to_github_and_knows_aws() -> None:
    for workflow, name, job in JOBS:
        written = {scope for scope, level in job["permissions"].items() if level == "write"}
        assert written <= {"id-token"} or "id-token" not in written, f"{workflow}.{name}"


def test_no_value_is_put_into_a_shell() -> None:
    """An expression in `run` is replaced before the shell reads it: a branch's name could be a command."""
    for workflow, name, step in STEPS:
        assert "${{" not in step.get("run", ""), f"{workflow}.{name}: {step['run']}"


def test_no_token_stays_in_a_checkout() -> None:
    checkouts = [step for _, _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) >= len(WORKFLOWS)
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_a_fork_gets_no_credentials() -> None:
    """Only with pull_request_target would it; and jobs for pull requests need a branch of this repository."""
    for path in WORKFLOWS:
        assert "pull_request_target" not in load(path)["on"]
        assert "workflow_run" not in load(path)["on"]
    same = "github.event.pull_request.head.repo.full_name == github.repository"
    for workflow in ("plan", "gate"):
        own = {name: job for each, name, job in JOBS if each == workflow}
        assert same in own["touched"]["if"]
        for name, job in own.items():
            assert name == "touched" or "touched" in job["needs"]


def test_only_the_protected_job_applies() -> None:
    for workflow, name, job in JOBS:
        text = yaml.safe_dump(job)
        applies = "apply_role" in text or "PLAN_KEY" in text or "make deliver" in text
        assert applies == ((workflow, name) == ("apply", "apply"))
        if applies:
            assert job["environment"] == "${{ matrix.environment }}"
    assert load(FOLDER / "apply.yml")["on"] == {"push": {"branches": ["main"]}}


def test_secrets_are_named_in_one_place() -> None:
    used = {(path.stem, secret) for path in WORKFLOWS for secret in re.findall(r"secrets\.(\w+)", path.read_text())}
    assert used == {("apply", "PLAN_KEY")}


def test_every_job_ends() -> None:
    assert all(0 < job["timeout-minutes"] <= 120 for _, _, job in JOBS)


def test_steps_are_commands_that_run_here_too() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = {
        target
        for _, _, step in STEPS
        for line in re.findall(r"\bmake (?:--silent )?([a-z -]+)", step.get("run", ""))
        for target in line.split()
    }
    assert called >= {"plan", "gate", "touched", "seal-plan", "comment", "deliver", "environments"}
    assert called >= {"drift", "drift-issue"}
    assert called <= targets


def test_zizmor_finds_nothing() -> None:
    command = [str(ZIZMOR), "--offline", "--no-config", "--format=plain", str(FOLDER)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "No findings to report" in result.stdout + result.stderr


def test_zizmor_would_find_something(tmp_path: Path) -> None:
    """A linter that finds nothing anywhere proves nothing."""
    bad = tmp_path / "bad.yml"
    bad.write_text(
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "      - run: echo ${{ github.event.pull_request.title }}\n"
    )
    command = [str(ZIZMOR), "--offline", "--no-config", "--format=plain", str(bad)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "template-injection" in result.stdout
