"""The images' recipes: nothing here can build them, so what they promise is read from them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.repository import ROOT

SERVICES = {"mlflow": ("mlflow_server", "mlflow-server"), "gateway": ("gateway", "gateway")}
HADOLINT = Path(sys.executable).parent / "hadolint"
OURS = "10001:10001"  # modules/ecs-service, containers[*].user


def instructions(text: str) -> list[tuple[str, str]]:
    """Instructions and their arguments, continued lines joined, without comments."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines()]


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def recipe(service: str) -> list[tuple[str, str]]:
    return instructions((ROOT / "services" / service / "Dockerfile").read_text())


@pytest.fixture
def last_stage(recipe: list[tuple[str, str]]) -> list[tuple[str, str]]:
    start = max(number for number, (name, _) in enumerate(recipe) if name == "FROM")
    return recipe[start:]


def lint(file: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(HADOLINT), str(file)], capture_output=True, text=True, check=False)


def test_hadolint_finds_nothing(service: str) -> None:
    result = lint(ROOT / "services" / service / "Dockerfile")
    assert (result.returncode, result.stdout) == (0, "")


def test_hadolint_would_find_something(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("FROM python:latest\nRUN pip install mlflow\n")
    result = lint(file)
    assert result.returncode != 0
    assert "DL3007" in result.stdout


def test_base_is_pinned_by_digest_and_the_same_everywhere() -> None:
    texts = [(ROOT / "services" / service / "Dockerfile").read_text() for service in SERVICES]
    bases = {base.split(" AS ")[0] for text in texts for name, base in instructions(text) if name == "FROM"}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm@sha256:[0-9a-f]{64}", bases.pop())


def test_packages_come_from_the_lock_with_hashes(recipe: list[tuple[str, str]]) -> None:
    installs = [argument for name, argument in recipe if name == "RUN" and " install " in argument]
    assert len(installs) == 1
    for option in ("--require-hashes", "--only-binary :all:", "--requirement requirements.lock", "--no-cache-dir"):
        assert option in installs[0]


def test_last_stage_installs_and_builds_nothing(last_stage: list[tuple[str, str]]) -> None:
    commands = " ".join(argument for name, argument in last_stage if name == "RUN")
    assert not re.search(r"\b(apt|apt-get|pip|gcc|make|curl|wget)\b", commands)
    assert [argument for name, argument in last_stage if name == "COPY" and "--from=build" not in argument] == []


def test_it_runs_as_nobody_special_with_one_place_to_write(service: str, last_stage: list[tuple[str, str]]) -> None:
    order = [name for name, _ in last_stage]
    arguments = dict(last_stage)
    assert arguments["USER"] == OURS
    assert arguments["VOLUME"] == "/tmp"  # noqa: S108 - in the image
    assert "chown 10001:10001 /tmp" in dict(last_stage[: order.index("VOLUME")])["RUN"]
    assert order[-5:] == ["USER", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD"]
    stack = (ROOT / "environments" / "stack" / "services.tf").read_text()
    assert arguments["EXPOSE"] in stack
    command = SERVICES[service][1]
    assert arguments["ENTRYPOINT"] == f'["{command}"]'
    # The stack gives the arguments, and the health check in full.
    assert arguments["CMD"] == '["serve"]'
    assert f'["CMD", "{command}", "health"]' in stack


def test_the_build_sees_only_what_it_copies(service: str, recipe: list[tuple[str, str]]) -> None:
    folder = ROOT / "services" / service
    ignored = (folder / ".dockerignore").read_text().splitlines()
    seen = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {argument.split()[0] for name, argument in recipe if name == "COPY" and "--from" not in argument}
    assert seen == copied == {"requirements.lock", SERVICES[service][0]}
    assert all((folder / name).exists() for name in seen)


def test_the_databases_authorities_are_those_of_rds() -> None:
    """At the place where the entrypoint looks for them, and only the file that was once looked at."""
    from mlflow_server.environment import CA_FILE

    recipe = instructions((ROOT / "services" / "mlflow" / "Dockerfile").read_text())
    [source] = [argument for name, argument in recipe if name == "ADD"]
    assert re.search(r"--checksum=sha256:[0-9a-f]{64} ", source)
    assert source.endswith(f"https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem {CA_FILE}")
