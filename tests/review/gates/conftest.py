"""A plan that may be applied, with everything that this depends on: tests change one thing and see it refused."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from infra.account.selection import Account
from infra.environment import Environment
from infra.errors import InfraError
from infra.repository import Revision
from infra.review import permission
from infra.review.approval import Approval
from infra.review.gates import Gates
from infra.review.model import Review, Risk
from infra.review.permission import Delivery, require_permission_to_apply
from infra.terraform.saved_plan import PlanFiles, PlanRecord
from tests.review.documents import a_record
from tests.review.gates.making import ADA, COMMIT, GATES, NOW, PROVENANCE, a_change, a_review, approval_by

PLAN = b"a plan file"


class _Environment(Environment):
    """Production, with files of the test's own."""

    @property
    def folder(self) -> Path:
        return Path(str(self.variables["folder"]))


@dataclass
class Scene:
    """Everything that permission depends on; a test changes one thing.

    Args:
        approvals: in the state bucket.
        here: what is checked out.
    """

    environment: Environment
    account: Account
    record: PlanRecord
    review: Review
    approvals: list[Approval]
    here: Revision
    gates: Gates = GATES
    delivery: Delivery | None = None
    now: datetime = NOW

    def ask(self) -> None:
        require_permission_to_apply(
            self.environment, self.account, self.record, self.review, now=self.now, delivery=self.delivery
        )

    def refused(self, message: str, exit_code: int = 1) -> None:
        with pytest.raises(InfraError, match=message) as failure:
            self.ask()
        assert failure.value.exit_code == exit_code


class Store:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def read(self, *_: object) -> list[Approval]:
        return self._scene.approvals


@pytest.fixture
def scene(build_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A plan with a change that needs one approval, which Ada has given in the state bucket."""
    environment = _Environment("production", "123456789012", "us-east-1", "hokus.ai", {"folder": tmp_path})
    environment.build.mkdir(parents=True)
    PlanFiles(environment.build).plan.write_bytes(PLAN)
    (tmp_path / "acknowledgements.yaml").write_text("[]")
    sha256 = hashlib.sha256(PLAN).hexdigest()
    review = a_review(a_change(Risk.ACCESS))
    made = Scene(
        environment=environment,
        account=Account(
            "aws", "123456789012", "arn:aws:sts::123456789012:assumed-role/admin/carol", "", None, "a test"
        ),
        record=a_record(
            environment="production",
            account_kind="aws",
            caller="arn:aws:sts::123456789012:assumed-role/admin/carol",
            commit=COMMIT,
            clean=True,
            state_lineage="a-lineage",
            state_serial=7,
            created=PROVENANCE.created,
            plan_sha256=sha256,
        ),
        review=replace(review, provenance=replace(PROVENANCE, plan_sha256=sha256)),
        approvals=[approval_by(ADA, source="aws", identity=ADA.aws_user_id)],
        here=Revision(COMMIT, clean=True),
    )
    monkeypatch.setattr(permission, "gates_of", lambda *_: made.gates)
    monkeypatch.setattr(permission, "approval_store", lambda *_: Store(made))
    monkeypatch.setattr(permission, "revision", lambda: made.here)
    monkeypatch.setattr(permission, "written_by", lambda _: frozenset({"carol@x.org"}))
    monkeypatch.delenv("GATES", raising=False)
    return made


def emulated(scene: Scene) -> Scene:
    scene.account = replace(scene.account, kind="emulated", instance="one")
    scene.record = replace(scene.record, account_kind="emulated", account_instance="one")
    scene.review = replace(scene.review, provenance=replace(scene.review.provenance, account_kind="emulated"))
    return scene
