"""How long `make plan` takes against bare Terraform on the same root, and how plan time grows with services.

Everything is measured in one run and compared as a ratio: machines are shared and noisy. Run by `make bench`.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from infra.account.preparation import prepared_account
from infra.environment import Environment, environment_names, load_environment
from infra.lock import exclusive
from infra.repository import MODULES, ROOT, STACK
from infra.terraform.provider import write_cli_config
from infra.terraform.runner import clean_environment
from infra.terraform.session import Tools, find_tools, open_session

SERVICES = (1, 10, 50)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each command; the median counts")
    parser.add_argument("--without-suite", action="store_true", help="leave out the plan suite")
    arguments = parser.parse_args()
    tools = find_tools()
    versions = f"Terraform {tools.terraform.version}, hashicorp/aws {tools.provider.version}"
    print(f"{versions}, median of {arguments.runs} runs\n")
    print(f"{'environment':14}{'make plan':>12}{'bare':>10}{'ratio':>8}   (at most 1.0)")
    worst = 0.0
    for name in environment_names():
        environment = load_environment(name)
        account_environment = _account_environment(environment)
        ours, bare = _paired(
            arguments.runs,
            lambda name=name: _run(["make", "plan", f"ENV={name}", "ACCOUNT=emulated"], dict(os.environ)),
            lambda environment=environment, variables=account_environment: _bare_plan(environment, tools, variables),
        )
        worst = max(worst, ours / bare)
        print(f"{name:14}{ours:10.2f} s{bare:8.2f} s{ours / bare:8.2f}")
    print("\nPlan time by number of services (modules/ecs-service, no state):")
    base = None
    for count, seconds in _growth(tools, arguments.runs):
        base = base or seconds
        print(f"{count:4} services {seconds:8.2f} s   {seconds / base:6.2f} x for {count:3} x the services")
    if not arguments.without_suite:
        started = time.monotonic()
        plans = _plan_suite()
        seconds = time.monotonic() - started
        print(f"\nPlan suite of the modules: {plans} tests in {seconds:.0f} s, {seconds / plans:.2f} s a test")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"Peak memory of a single process below this one: {peak / 1024:.0f} MiB")
    sys.exit(0 if worst <= 1.0 else 1)


def _paired(runs: int, ours: Callable[[], None], bare: Callable[[], None]) -> tuple[float, float]:
    """Medians of two commands run in turn, after one run each that does not count."""
    times: tuple[list[float], list[float]] = ([], [])
    for run in range(runs + 1):
        for command, seconds in zip((ours, bare), times, strict=True):
            started = time.monotonic()
            command()
            if run:
                seconds.append(time.monotonic() - started)
    return statistics.median(times[0]), statistics.median(times[1])


def _account_environment(environment: Environment) -> dict[str, str]:
    with exclusive(environment, "make bench"):
        account = prepared_account(environment)
    return clean_environment(account.environment(os.environ))


def _bare_plan(environment: Environment, tools: Tools, variables: dict[str, str]) -> None:
    """What a person without this tooling types: init, plan and show, the provider started by Terraform."""
    # Go's settings are the tooling's, too.
    variables = {name: value for name, value in variables.items() if name not in ("GOGC", "GOMEMLIMIT")}
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.tfplan"
        variables = {**variables, "TF_CLI_CONFIG_FILE": str(write_cli_config(tools.provider)), "TF_DATA_DIR": folder}
        terraform = [str(tools.terraform.path), f"-chdir={STACK}"]
        _run([*terraform, "init", "-input=false", f"-backend-config={environment.backend_config}"], variables)
        files = [f"-var-file={file}" for file in environment.variable_files]
        _run([*terraform, "plan", "-input=false", f"-out={plan}", *files], variables)
        _run([*terraform, "show", "-json", str(plan)], variables)


def _growth(tools: Tools, runs: int) -> list[tuple[int, float]]:
    """Plan the module's own example as one, ten and fifty services."""
    measured = []
    account = _account_environment(load_environment("development"))
    example = (MODULES / "ecs-service/examples/basic/main.tf").read_text()
    with open_session(tools, account) as session, tempfile.TemporaryDirectory() as folder:
        shutil.copytree(MODULES, Path(folder) / "modules", ignore=shutil.ignore_patterns(".terraform*"))
        for count in SERVICES:
            root = Path(folder) / f"root-{count}"
            root.mkdir()
            each = f'for_each = toset([for number in range({count}) : "service-${{number}}"])'
            text = example.replace('source = "../.."', f'source = "../modules/ecs-service"\n  {each}', 1)
            (root / "main.tf").write_text(text.replace('= "mlflow"', "= each.key", 1))
            terraform = session.root(root, root / "data")
            terraform.init()
            seconds = []
            for _ in range(runs):
                started = time.monotonic()
                terraform.plan(root / "plan")
                seconds.append(time.monotonic() - started)
            measured.append((count, statistics.median(seconds)))
    return measured


def _plan_suite() -> int:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "tests/modules", f"--junitxml={report}"]
        _run(command, dict(os.environ))
        return report.read_text().count("<testcase")


def _run(command: list[str], environment: dict[str, str]) -> None:
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"{json.dumps(command)} failed:\n{result.stdout}\n{result.stderr}")


if __name__ == "__main__":
    main()
