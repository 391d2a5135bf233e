"""Scanning configuration and saved plan with checkov, in an environment of its own because its pins clash."""

import json
import subprocess
from pathlib import Path
from typing import Any

from infra.console import progress, say
from infra.environment import environment_names, load_environment
from infra.errors import InfraError
from infra.repository import ENVIRONMENTS, MODULES, REQUIREMENTS, ROOT
from infra.terraform.plan_json import Plan
from infra.terraform.saved_plan import PlanFiles
from infra.tool_environment import tool_environment


def scan(name: str) -> None:
    """Scan the configuration, and every saved plan or that of one environment.

    checkov ends with 0 when it could not read what it was given; so its report is held against what it should have
    seen: parsing errors fail, and so does a scan that saw no resource or fewer than the plan has.

    Args:
        name: an environment whose saved plan must be scanned; "" scans the plans that there are.

    Raises:
        InfraError: a finding, or the scan did not see what it should have seen.
    """
    python = tool_environment("scan", REQUIREMENTS / "scan.lock")
    problems: list[str] = []
    for folder in (MODULES, ENVIRONMENTS):
        with progress(f"checkov over {folder.name}/"):
            problems += _problems(folder.name, _run(python, "--directory", str(folder)), at_least=1)
    for environment in [load_environment(each) for each in ([name] if name else environment_names())]:
        document = PlanFiles(environment.build).document
        if not document.exists():
            if name:
                raise InfraError(f"There is no saved plan for {name}. Run `make plan ENV={name}` first.")
            continue
        expected = len(Plan.from_json(document.read_bytes()).resources)
        with progress(f"checkov over the plan of {environment.name}"):
            report = _run(python, "--file", str(document), "--repo-root-for-plan-enrichment", str(ROOT))
            problems += _problems(f"plan of {environment.name}", report, at_least=expected)
    if problems:
        raise InfraError("The scan found problems.\n" + "\n".join(problems))
    say("The scan found nothing.")


def _run(python: Path, *arguments: str) -> list[dict[str, Any]]:
    # CKV_PARSE_ERROR_FAIL: without it a file that checkov cannot parse is left out and the scan succeeds.
    command = [str(python), "-m", "checkov.main", "--config-file", str(ROOT / ".checkov.yaml"), "--output", "json"]
    result = subprocess.run(
        [*command, "--quiet", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "CKV_PARSE_ERROR_FAIL": "true", "LOG_LEVEL": "ERROR"},
    )
    try:
        report = json.loads(result.stdout)
    except json.JSONDecodeError as error:
        said = (result.stderr or result.stdout).strip()[-2000:]
        raise InfraError(f"checkov gave no report (exit code {result.returncode}): {said}") from error
    return report if isinstance(report, list) else [report]


def _problems(what: str, reports: list[dict[str, Any]], at_least: int) -> list[str]:
    seen = sum(report.get("summary", {}).get("resource_count", 0) for report in reports)
    problems = [] if seen >= at_least else [f"{what}: checkov saw {seen} resources, expected at least {at_least}"]
    for report in reports:
        results = report.get("results", {})
        problems += [f"{what}: checkov cannot parse {path}" for path in results.get("parsing_errors", [])]
        for failed in results.get("failed_checks", []):
            line = failed["file_line_range"][0]
            problems.append(f"{what}: {failed['check_id']} {failed['check_name']}")
            problems.append(f"    {failed['resource']} ({failed['file_path']}:{line})")
    return problems
