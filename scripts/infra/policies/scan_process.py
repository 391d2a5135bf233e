"""The program that runs checkov and parliament, by the Python of their own environment (build/tools/scan).

It knows nothing of this repository: requests come on stdin, one JSON object a line, and each has one answer on stdout.

    {"do": "start", "external_checks": [folder ...]}   registers the checks; must be the first
    {"do": "configuration", "folder": path}            checkov over the HCL of a root module
    {"do": "plan", "file": path}                       checkov over a plan's JSON
    {"do": "lint", "documents": [text ...]}            parliament over IAM policies

checkov ends with success when a check crashes, cannot be imported or never ran. So everything that it logs as an error
is part of the answer, and what it saw is told in full: scanner.py compares it with what it should have seen. Findings
hold no line of a plan, because a plan holds secrets.
"""

# ruff: noqa: ANN401, PLC0415 - checkov has no types here, and takes two seconds to import: one request at a time

import io
import json
import logging
import os
import pickle
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

# Another program's logging of ours must not come from an environment variable of the person's.
os.environ["LOG_LEVEL"] = "ERROR"
os.environ["CKV_PARSE_ERROR_FAIL"] = "true"
# A plan is read as the JSON that it is, as checkov reads large ones: as YAML it takes four times as long.
os.environ["CHECKOV_MAX_IAC_FILE_SIZE"] = "0"


class _Problems(logging.Handler):
    """Keeps what was logged, until it is taken."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.kept: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        # The type of the exception only: its text may be a value of the plan.
        cause = f" ({type(error).__name__})" if error else ""
        self.kept.append((record.levelno, record.getMessage().splitlines()[0] + cause))

    def taken(self, level: int) -> list[str]:
        """What was logged since the last time, at this level or above; each message once."""
        kept, self.kept = self.kept, []
        return list(dict.fromkeys(message for at, message in kept if at >= level))


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer requests until stdin ends; whatever goes wrong in one is its answer."""
    problems = _Problems()
    for line in requests:
        request = json.loads(line)
        try:
            answer = _ANSWERS[request["do"]](request, problems)
        except Exception as error:
            logging.getLogger(__name__).debug("request failed", exc_info=True)
            answer = {"errors": [f"{request['do']} failed: {type(error).__name__}: {str(error)[:500]}"]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _start(request: dict[str, Any], problems: _Problems) -> dict[str, Any]:
    from checkov.common.checks_infra.solvers.attribute_solvers.base_attribute_solver import (  # type: ignore[import-not-found]
        BaseAttributeSolver,
    )
    from checkov.common.checks_infra.solvers.resource_solvers.base_resource_solver import (  # type: ignore[import-not-found]
        BaseResourceSolver,
    )
    from checkov.common.graph.checks_infra.registry import BaseRegistry  # type: ignore[import-not-found]
    from checkov.terraform import plan_runner, runner  # type: ignore[import-not-found] # noqa: F401 - register checks

    logging.getLogger().addHandler(problems)
    for owner, method in (
        (BaseRegistry, "run_check_parallel"),
        (BaseAttributeSolver, "_process_node"),
        (BaseResourceSolver, "_process_node"),
    ):
        setattr(owner, method, _telling(getattr(owner, method)))
    _do_once()
    for registry in _graph_registries():
        registry.load_checks()
    before = _registered()
    unregistered = [path for folder in request["external_checks"] for path in _load(Path(folder))]
    return {
        # A file that could not be loaded is a warning in one place and an error in another.
        "errors": problems.taken(logging.WARNING) + [f"{path} registers no check" for path in unregistered],
        "checks": sorted(_registered()),
        "external_checks": sorted(_registered() - before),
    }


def _telling(run: Callable[..., None]) -> Callable[..., None]:
    """What checkov runs in threads and never asks for its exceptions: the resource would be left out in silence."""

    def run_and_tell(judge: Any, *rest: Any) -> None:
        try:
            run(judge, *rest)
        except Exception:
            check = getattr(rest[0], "id", "") if rest else ""  # a solver does not know its check
            logging.exception("Graph check %s crashed", check or f"with {type(judge).__name__}")

    return run_and_tell


def _do_once() -> None:
    """Keep what checkov computes anew for each root: a third of its time, and the same answers (tests/policies)."""
    import bc_jsonpath_ng.parser as jsonpath  # type: ignore[import-not-found]
    from checkov.terraform import parser_utils

    make_parser, load_hcl = jsonpath.ply.yacc.yacc, parser_utils.hcl2.load
    kept = threading.local()  # a parser is no parser for two threads
    parsed: dict[str, bytes] = {}

    def parser_of_grammar(**settings: Any) -> Any:
        parsers = kept.__dict__.setdefault("parsers", {})
        key = (type(settings["module"]), settings["start"])
        if key not in parsers:
            parsers[key] = make_parser(**settings)
        return parsers[key]

    def hcl_of_text(file: TextIO) -> Any:
        text = file.read()
        if text not in parsed:
            parsed[text] = pickle.dumps(load_hcl(io.StringIO(text)))
        return pickle.loads(parsed[text])  # noqa: S301 - made three lines above; checkov changes what it gets

    jsonpath.ply.yacc.yacc = parser_of_grammar
    parser_utils.hcl2.load = hcl_of_text


def _load(folder: Path) -> list[str]:
    """Load a folder of own checks; the files that registered nothing."""
    from checkov.terraform.checks.resource.registry import resource_registry  # type: ignore[import-not-found]

    if not any(folder.glob("*.py")) and not any(folder.glob("*.yaml")):
        raise FileNotFoundError(f"{folder} has no checks")
    before = _registered_from()
    resource_registry.load_external_checks(str(folder))
    for registry in _graph_registries():
        registry.load_external_checks(str(folder))
    loaded = _registered_from() - before
    wanted = [path for path in sorted(folder.iterdir()) if path.suffix in (".py", ".yaml", ".yml", ".json")]
    return [str(path) for path in wanted if path.name != "__init__.py" and str(path) not in loaded]


def _graph_registries() -> list[Any]:
    from checkov.common.checks_infra.registry import get_graph_checks_registry  # type: ignore[import-not-found]

    return [get_graph_checks_registry("terraform")]


def _registered() -> set[str]:
    return {check.id for check in _checks()}


def _registered_from() -> set[str]:
    return {
        getattr(check, "check_path", "") or getattr(sys.modules.get(type(check).__module__), "__file__", None) or ""
        for check in _checks()
    }


def _checks() -> list[Any]:
    from checkov.common.checks.base_check_registry import BaseCheckRegistry  # type: ignore[import-not-found]

    graph = [check for registry in _graph_registries() for check in registry.checks]
    return [*BaseCheckRegistry.get_all_registered_checks(), *graph]


def _configuration(request: dict[str, Any], problems: _Problems) -> dict[str, Any]:
    from checkov.terraform.runner import Runner  # type: ignore[import-not-found]

    runner = Runner()
    report = runner.run(root_folder=request["folder"], runner_filter=_filter())
    files = {key.file_path for key in runner.definitions or {}}
    return _report(report, problems) | {"files": sorted(files)}


def _plan(request: dict[str, Any], problems: _Problems) -> dict[str, Any]:
    from checkov.terraform.plan_runner import Runner  # type: ignore[import-not-found]

    return _report(Runner().run(files=[request["file"]], runner_filter=_filter()), problems)


def _filter() -> Any:
    from checkov.runner_filter import RunnerFilter  # type: ignore[import-not-found]

    # Everything runs: what .checkov.yaml skips is left out afterwards, so that a skip without effect is seen.
    return RunnerFilter(framework=["terraform", "terraform_plan"], download_external_modules=False)


def _report(report: Any, problems: _Problems) -> dict[str, Any]:
    return {
        "errors": problems.taken(logging.ERROR) + [f"checkov cannot parse {path}" for path in report.parsing_errors],
        # "file:address"; no path here has a colon that an address could be mistaken for.
        "resources": sorted(resource.split(":", 1)[1] for resource in report.resources),
        "passed": len(report.passed_checks),
        "failed": [
            {
                "id": record.check_id,
                "name": record.check_name,
                "resource": record.resource,
                "file": record.file_abs_path,
                "line": record.file_line_range[0],
                "guideline": record.guideline or "",
            }
            for record in report.failed_checks
        ],
        "skipped": [
            {"id": record.check_id, "file": record.file_abs_path, "line": record.file_line_range[0]}
            | {"reason": record.check_result.get("suppress_comment") or ""}
            for record in report.skipped_checks
        ],
    }


def _lint(request: dict[str, Any], problems: _Problems) -> dict[str, Any]:
    from parliament import analyze_policy_string  # type: ignore[import-not-found]

    def one(text: str) -> list[dict[str, str]]:
        found = {(each.issue, json.dumps(each.detail)) for each in analyze_policy_string(text).findings}
        return [{"issue": issue, "detail": detail} for issue, detail in sorted(found)]

    documents = [one(text) for text in request["documents"]]
    return {"errors": problems.taken(logging.ERROR), "documents": documents}


_ANSWERS = {"start": _start, "configuration": _configuration, "plan": _plan, "lint": _lint}

if __name__ == "__main__":
    # Whatever a check prints belongs to stderr; stdout is for answers.
    pipe = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(sys.stdin, pipe)
