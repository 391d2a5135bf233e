"""docs/environment-variables.md names every variable that the code reads, and no other."""

import re

from infra.documentation.settings import PAGE, settings_page
from infra.repository import ROOT

TEXT = PAGE.read_text()
COMMANDS = TEXT[: TEXT.index("## Of the gateway")]
GATEWAY = TEXT[TEXT.index("## Of the gateway") : TEXT.index("## Of the MLflow server")]
_NAME = r"[A-Z][A-Z_]+"
_READ = re.compile(rf'(?:os\.environ|\bvariables|\bkept)(?:\.get\(|\[)"({_NAME})"|envvar="({_NAME})"')
# Programs and stand-ins that get their variables from this tooling, not from a person.
_PROGRAMS = ("account/server.py", "account/gaps.py", "preflight/parts/", "policies/scan_process.py")
# Everybody's: where programs and a person's files are; and make's own.
_GENERAL = {"PATH", "HOME", "MAKEFLAGS"}


def named(text: str) -> set[str]:
    """The variables in the first column of the tables."""
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(rf"`({_NAME})`", cell)}


def read_by_tooling() -> set[str]:
    found = set()
    for file in (ROOT / "scripts" / "infra").rglob("*.py"):
        if not any(str(file.relative_to(ROOT / "scripts" / "infra")).startswith(program) for program in _PROGRAMS):
            found |= {name for pair in _READ.findall(file.read_text()) for name in pair if name}
            # A table from what it is for to the variable's name.
            found |= set(re.findall(r'"(VERIFY_[A-Z_]+)"', file.read_text()))
    return found - _GENERAL


def said_to_make() -> set[str]:
    makefile = (ROOT / "Makefile").read_text()
    exported = re.search(r"^export (.+)$", makefile, re.MULTILINE)
    assert exported
    used = set(re.findall(rf"\$\(({_NAME})\)", makefile)) - {"INFRA", "PYTEST", "PYTEST_ALL", "MAKEFILE_LIST"}
    return set(exported[1].split()) | used


def test_every_variable_of_the_commands_is_named() -> None:
    assert (read_by_tooling() | said_to_make()) - named(COMMANDS) == set()


def test_every_named_variable_is_read() -> None:
    # GITHUB_RUN_ID and its like stand in a format string.
    sources = "\n".join(file.read_text() for file in (ROOT / "scripts" / "infra").rglob("*.py"))
    unknown = named(COMMANDS) - read_by_tooling() - said_to_make()
    assert {name for name in unknown if not re.search(rf"\b{name}\b", sources)} == set()


def test_the_gateways_table_is_its_settings() -> None:
    assert settings_page() == TEXT, "Run `make docs` and commit the result"


def test_what_the_artifact_lane_reads_is_named() -> None:
    source = (ROOT / "services/gateway/gateway/artifacts/settings.py").read_text()
    read = set(re.findall(rf'environ\.get\("({_NAME})"', source))
    # A second name of the same, and what only tests set.
    assert read - {"AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"} == {
        "ARTIFACTS_DESTINATION",
        "AWS_REGION",
    }
    assert {"ARTIFACTS_DESTINATION", "AWS_REGION"} <= named(GATEWAY)


def test_the_mlflow_servers_table_is_complete() -> None:
    source = (ROOT / "services/mlflow/mlflow_server/environment.py").read_text()
    page = (ROOT / "services/mlflow/README.md").read_text()
    table = page[page.index("## Settings") : page.index("## What the health check means")]
    # `DATABASE_HOST`, `_PORT`, ... share a row.
    shown = {
        name if not name.startswith("_") else f"DATABASE{name}" for name in re.findall(r"`(_?[A-Z][A-Z_]+)`", table)
    }
    read = set(re.findall(rf'read\(\s*"({_NAME})"', source))
    assert len(read) > 10
    assert read - shown == set()
