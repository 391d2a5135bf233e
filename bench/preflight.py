"""Where a preflight's time goes: each phase of it, as seconds and as share of the whole. Run by `make bench`.

With a base kept: once for what is applied in the base, and once for an edited copy of the repository, whose difference
Terraform has to find and apply. And what a copy of the account costs. `--cold` applies a base from nothing as well,
which takes minutes. Seconds are this machine's; shares and ratios are what can be compared.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from infra.environment import Environment, load_environment
from infra.preflight.base.kept import KeptBase, find_base
from infra.preflight.workplace import workplace
from infra.repository import ROOT
from tests.edited_copy import EditedCopy
from tests.preflight.running import Preflights, report_file, step_seconds

_ELSE_SECONDS, _KEPT_SECONDS = 60.0, 45.0
EDIT = {"file": "environments/stack/edge.tf", "old": "priority     = 110", "new": "priority     = 111"}
PHASES: Mapping[str, tuple[str, ...]] = {
    "account": ("account",),
    "Terraform": ("plan", "apply", "stable"),
    "platform": ("platform",),
    "migration": ("migration",),
    "services": ("services",),
    "client": ("experiments", "runs", "artifacts", "model", "registry", "traces", "refusals", "cleanup"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", default="development")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cold", action="store_true", help="forget the kept base first, and measure making it")
    arguments = parser.parse_args()
    name, environment = arguments.environment, load_environment(arguments.environment)
    if arguments.cold:
        _infra("account", "down", "--env", name)
    begun = time.monotonic()
    _infra("preflight", "--env", name)
    if arguments.cold:
        whole, steps = time.monotonic() - begun, step_seconds(report_file(environment.build.parent, name))
        applying = steps["account"] + steps["apply"]
        print(f"cold: {whole:.0f} s, {applying:.0f} of them for both applies, in which the provider sleeps, and")
        print(f"{whole - applying:.0f} s for everything else (at most {_ELSE_SECONDS:.0f})")
    else:
        print("a base is kept")
    with workplace("bench") as folder:
        (folder / "runs").mkdir()
        preflights = Preflights(lambda _: _kept(environment), folder / "runs")
        same = [_run(preflights, name, ROOT) for _ in range(arguments.runs)]
        _print("nothing differs", same)
        copy = EditedCopy(folder / "checkout")
        with copy.edited([EDIT]):
            edited = [_run(preflights, name, copy.folder) for _ in range(arguments.runs)]
        _print("one listener rule differs", edited)
    whole, changed = (statistics.median(sum(run.values()) for run in runs) for runs in (same, edited))
    print(f"an update against no difference: {changed / whole:.2f}; {changed:.0f} s (at most {_KEPT_SECONDS:.0f})")
    begun = time.monotonic()
    _kept(environment).account.fork(parent_pid=os.getpid(), outlive=True).stop()
    print(f"copying the account and ending the copy: {(time.monotonic() - begun) / whole:.4f} of a preflight")


def _infra(*arguments: str) -> None:
    if subprocess.run([sys.executable, "-m", "infra.cli", *arguments], check=False).returncode != 0:
        raise SystemExit(f"infra {' '.join(arguments)} failed")


def _kept(environment: Environment) -> KeptBase:
    base = find_base(environment)
    if base is None:
        raise SystemExit(f"No base of {environment.name} is kept.")
    return base


def _run(preflights: Preflights, name: str, root: Path) -> dict[str, float]:
    begun = time.monotonic()
    report = preflights.run(name, root=root)
    whole = time.monotonic() - begun
    if report.exit_code != 0:
        raise SystemExit(report.output)
    phases = {phase: sum(report.seconds.get(step, 0.0) for step in steps) for phase, steps in PHASES.items()}
    phases["other steps"] = sum(report.seconds.values()) - sum(phases.values())
    return {**phases, "start and end": whole - sum(phases.values())}


def _print(title: str, runs: list[dict[str, float]]) -> None:
    medians = {phase: statistics.median(run[phase] for run in runs) for phase in runs[0]}
    total = sum(medians.values())
    print(f"{title}: {total:.1f} s ({len(runs)} runs)")
    for phase, seconds in sorted(medians.items(), key=lambda entry: -entry[1]):
        print(f"  {phase:16}{seconds:7.1f} s {seconds / total:6.0%}")


if __name__ == "__main__":
    main()
