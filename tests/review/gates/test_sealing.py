"""A sealed plan: opened with the key, for the commit and environment that it was made for, unchanged; else not at "
"all."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from infra.environment import Environment
from infra.errors import InfraError
from infra.review import sealing
from infra.review.sealing import PUBLIC_KEY, new_key, seal, unseal
from infra.terraform.saved_plan import PlanFiles

COMMIT = "c" * 40


class _Environment(Environment):
    """An environment whose folder is the test's own."""

    @property
    def folder(self) -> Path:
        return Path(str(self.variables["folder"]))


@pytest.fixture
def environment(build_folder: Path, tmp_path: Path) -> Environment:
    made = _Environment("staging", "123456789012", "us-east-1", "x.org", {"folder": tmp_path})
    made.build.mkdir(parents=True)
    files = PlanFiles(made.build)
    for file, content in ((files.plan, "PLAN-SECRET"), (files.document, "{}"), (files.record, json.dumps({"a": 1}))):
        file.write_text(content)
    return made


@pytest.fixture
def key(environment: Environment) -> str:
    private, public = new_key()
    (environment.folder / PUBLIC_KEY).write_text(public + "\n")
    return private


def test_what_was_sealed_is_opened(environment: Environment, key: str) -> None:
    sealed = seal(environment, COMMIT)
    assert b"PLAN-SECRET" not in sealed
    assert seal(environment, COMMIT) != sealed
    opened = unseal(sealed, environment, COMMIT, key + "\n")
    assert opened["plan.tfplan"] == b"PLAN-SECRET"
    assert {*opened} == {"plan.tfplan", "plan.json", "plan.record.json"}


def test_every_changed_byte_is_seen(environment: Environment, key: str) -> None:
    sealed = seal(environment, COMMIT)
    for place in (0, len(sealed) // 2, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(InfraError, match="cannot be opened"):
            unseal(bytes(changed), environment, COMMIT, key)
    for cut in (b"", sealed[:10], sealed[:-1]):
        with pytest.raises(InfraError, match="cannot be opened"):
            unseal(cut, environment, COMMIT, key)


def test_another_commit_environment_or_key(environment: Environment, key: str) -> None:
    sealed = seal(environment, COMMIT)
    with pytest.raises(InfraError, match="cannot be opened"):
        unseal(sealed, environment, "b" * 40, key)
    with pytest.raises(InfraError, match="cannot be opened"):
        unseal(sealed, replace(environment, name="production"), COMMIT, key)
    with pytest.raises(InfraError, match="cannot be opened"):
        unseal(sealed, environment, COMMIT, new_key()[0])


def test_no_key(environment: Environment) -> None:
    with pytest.raises(InfraError, match=r"plan-key\.pub is missing.*infra delivery key --env staging"):
        seal(environment, COMMIT)
    (environment.folder / PUBLIC_KEY).write_text("nonsense")
    with pytest.raises(InfraError, match="is no key"):
        seal(environment, COMMIT)


@pytest.mark.parametrize("key", ["", "short", "!" * 44])
def test_a_secret_that_is_no_key(environment: Environment, key: str) -> None:
    with pytest.raises(InfraError, match="PLAN_KEY is no private key") as failure:
        unseal(b"x", environment, COMMIT, key)
    assert not key or key not in str(failure.value)


def test_more_files_than_a_plan_has_are_refused(environment: Environment, key: str) -> None:
    class More(PlanFiles):
        @property
        def record(self) -> Path:
            return self.folder / "other.json"

    (environment.build / "other.json").write_text("{}")
    original, sealing.PlanFiles = sealing.PlanFiles, More  # type: ignore[misc]
    try:
        sealed = seal(environment, COMMIT)
    finally:
        sealing.PlanFiles = original  # type: ignore[misc]
    with pytest.raises(InfraError, match="does not hold exactly"):
        unseal(sealed, environment, COMMIT, key)
