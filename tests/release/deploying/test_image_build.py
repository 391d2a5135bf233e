"""Building and pushing, with a container engine that writes down what it is told; and what is said without one."""

import base64
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.account.selection import Account
from infra.environment import load_environment
from infra.errors import InfraError
from infra.release.deploying import image_build
from infra.release.deploying.image_build import build_image
from infra.release.deploying.image_source import Repository
from infra.repository import Revision
from tests.release.ecs_answers import client_error
from tests.release.test_connection import ACCOUNT

ENVIRONMENT = load_environment("staging")
SCHEMA = "bf29a5ff90ea"
PASSWORD = "a-token-of-ecr"  # noqa: S105 - of a test
DIGEST = "sha256:" + "a" * 64
_ENGINE = """#!/bin/sh
printf '%s\\n' "$*" >> '{calls}'
case "$1" in
  info) {info} ;;
  run) echo {schema} ;;
  login) cat >> '{calls}.typed' ;;
  push) {push} ;;
esac
"""


class Ecr:
    """ECR that has an image once it was pushed."""

    def __init__(self, calls: Path, tags: list[str] | None = None) -> None:
        self.calls, self.tags = calls, tags or []

    def get_authorization_token(self) -> dict[str, Any]:
        token = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
        return {"authorizationData": [{"authorizationToken": token}]}

    def describe_images(self, *, repositoryName: str, imageIds: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        [wanted] = imageIds
        pushed = f"push {URL}:{wanted.get('imageTag')}" in (self.calls.read_text() if self.calls.exists() else "")
        if not pushed and wanted.get("imageTag") not in self.tags:
            raise client_error("ImageNotFoundException")
        return {"imageDetails": [{"imageDigest": DIGEST, "imageTags": [wanted["imageTag"]]}]}

    def get_paginator(self, _: str) -> "Ecr":
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"imageDetails": [{"imageDigest": DIGEST, "imageTags": self.tags, "imagePushedAt": datetime.now(UTC)}]}]


URL = "444455556666.dkr.ecr.us-east-1.amazonaws.com/hokusai/mlflow"


class Machine:
    """A checkout of two services, and perhaps an engine on PATH."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.programs, self.calls = folder / "repository", folder / "bin", folder / "calls"
        self.programs.mkdir()
        for program in ("mlflow", "gateway"):
            (self.root / "services" / program).mkdir(parents=True)
            (self.root / "services" / program / "Dockerfile").write_text("FROM scratch\n")
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "services")
        self.commit = self.git("rev-parse", "HEAD")[:12]
        monkeypatch.setattr(image_build, "ROOT", self.root)
        monkeypatch.setattr(image_build, "revision", lambda: Revision(self.commit, clean=True))
        monkeypatch.setattr(image_build.shutil, "which", self.which)

    def which(self, name: str) -> str | None:
        path = self.programs / name
        return str(path) if path.exists() else None

    def install(self, name: str, *, info: str = "true", push: str = "true") -> None:
        engine = self.programs / name
        engine.write_text(_ENGINE.format(calls=self.calls, schema=SCHEMA, info=info, push=push))
        engine.chmod(0o755)

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Carol", "-c", "user.email=carol@x.org")
        return subprocess.run(
            ["git", *who, "-C", str(self.root), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    def build(self, program: str = "mlflow", account: Account = ACCOUNT, tags: list[str] | None = None) -> str:
        url = URL.replace("mlflow", program)
        repository = Repository(Ecr(self.calls, tags), program, url, ENVIRONMENT.name)
        return build_image(ENVIRONMENT, account, repository).reference

    def told(self) -> list[str]:
        return self.calls.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_built_tagged_by_commit_and_schema_and_pushed(machine: Machine, engine: str) -> None:
    machine.install(engine)
    assert machine.build() == f"{URL}@{DIGEST}"
    tag = f"{machine.commit}-schema-{SCHEMA}"
    assert machine.told() == [
        "info",
        f"build --platform linux/amd64 --tag {URL}:{machine.commit} {machine.root}/services/mlflow",
        f"run --rm --platform linux/amd64 {URL}:{machine.commit} schema",
        f"tag {URL}:{machine.commit} {URL}:{tag}",
        "login --username AWS --password-stdin 444455556666.dkr.ecr.us-east-1.amazonaws.com",
        f"push {URL}:{tag}",
    ]
    assert machine.calls.with_name("calls.typed").read_text() == PASSWORD
    assert PASSWORD not in json.dumps(machine.told()), "everybody on the machine can read a command line"


def test_what_was_pushed_from_this_commit_is_taken(machine: Machine) -> None:
    """Tags are immutable; so a deploy that failed is repeated without building anything."""
    assert machine.build(tags=[f"{machine.commit}-schema-{SCHEMA}"]) == f"{URL}@{DIGEST}"
    assert not machine.calls.exists()


def test_a_change_that_is_not_committed(machine: Machine) -> None:
    (machine.root / "services" / "mlflow" / "more").write_text("")
    machine.install("docker")
    with pytest.raises(InfraError, match="services/mlflow is not committed"):
        machine.build()
    assert not machine.calls.exists()


def test_no_engine(machine: Machine) -> None:
    with pytest.raises(InfraError, match="There is no docker and no podman here") as caught:
        machine.build()
    assert "`make deploy ENV=staging SERVICE=mlflow IMAGE=<tag or sha256:…>`" in str(caught.value)


def test_an_engine_that_does_not_work(machine: Machine) -> None:
    machine.install("docker", info="echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    with pytest.raises(InfraError, match=r"docker does not work here \(Cannot connect to the Docker daemon\)"):
        machine.build()
    machine.install("podman")
    assert machine.build() == f"{URL}@{DIGEST}", "the other one does"


def test_a_push_that_is_refused(machine: Machine) -> None:
    machine.install("docker", push="echo 'denied: no permission' >&2; exit 1")
    with pytest.raises(InfraError, match=r"`docker push .*` failed:\n  denied: no permission"):
        machine.build()


def test_what_is_built_elsewhere(machine: Machine) -> None:
    with pytest.raises(InfraError, match="auth is built in a repository of its own"):
        machine.build("auth")


def test_into_an_emulated_account_nothing_is_pushed(machine: Machine) -> None:
    emulated = Account("emulated", "444455556666", "arn", "i", object(), "a test")  # type: ignore[arg-type]
    with pytest.raises(InfraError, match="Nobody can push into an emulated account"):
        machine.build(account=emulated)
