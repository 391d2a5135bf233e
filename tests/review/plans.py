"""Real plans of every kind of change, made in an emulated account with two versions of one small root.

One plan holds all kinds at once: a Terraform process costs more than what it plans.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from infra.account.emulated import EmulatedAccount
from infra.review.model import Change, Review
from infra.review.review import review
from infra.terraform import saved_plan
from infra.terraform.runner import Terraform, TerraformError
from infra.terraform.saved_plan import PlanRecord
from infra.terraform.session import Tools, open_session

ROOT = Path(__file__).parent / "root"
SECRET = 'correct horse "battery" <staple>&'  # noqa: S105 - planned in an account that exists for seconds


@dataclass(frozen=True)
class RealPlan:
    """A plan that Terraform made, with its file and record."""

    text: str = field(repr=False)
    file: Path
    record: PlanRecord

    @cached_property
    def document(self) -> dict[str, Any]:
        document = json.loads(self.text)
        assert isinstance(document, dict)
        return document

    @cached_property
    def review(self) -> Review:
        return review(self.text, self.file, self.record)

    def change(self, address: str, deposed: bool = False) -> Change:
        (found,) = [each for each in self.review.changes if each.address == address and bool(each.deposed) is deposed]
        return found


def record_of(file: Path, tools: Tools) -> PlanRecord:
    lineage, serial = saved_plan.state_of(file)
    return PlanRecord(
        environment="development",
        account_kind="emulated",
        account_id="123456789012",
        account_instance="x",
        caller="arn:aws:iam::123456789012:root",
        commit="0" * 40,
        clean=True,
        terraform_version=tools.terraform.version,
        provider_version=tools.provider.version,
        state_lineage=lineage,
        state_serial=serial,
        destroy=False,
        has_changes=True,
        created="2026-01-01T00:00:00+00:00",
        plan_sha256=saved_plan.sha256(file),
    )


class Workshop:
    """A copy of the root, which is planned in several versions against one account and one state."""

    def __init__(self, folder: Path, tools: Tools, root: Terraform) -> None:
        self._folder = folder
        self._tools = tools
        self._root = root

    def write(self, version: str, **replaced: str) -> None:
        for file in (self._folder / "root").glob("*.tf"):
            file.unlink()
        for name in ("common", version):
            text = (ROOT / f"{name}.tf").read_text()
            for old, new in replaced.items():
                assert old in text or name != "common", f"{old} is not in {name}.tf"
                text = text.replace(old, new)
            (self._folder / "root" / f"{name}.tf").write_text(text)

    def plan(self, name: str) -> RealPlan:
        file = self._folder / f"{name}.tfplan"
        self._root.plan(file, variables={"secret": SECRET})
        return RealPlan(self._root.show(file), file, record_of(file, self._tools))

    def apply(self, name: str) -> None:
        self._root.apply(self.plan(name).file)


def make_plans(
    folder: Path, tools: Tools, account: EmulatedAccount, environment: Mapping[str, str]
) -> dict[str, RealPlan]:
    """Everything is planned in the given account, which is changed."""
    shutil.copytree(ROOT, folder / "root")
    plans = {}
    with open_session(tools, account.environment(environment)) as session:
        root = session.root(folder / "root", folder / "data")
        shop = Workshop(folder, tools, root)
        shop.write("before")
        root.init()
        plans["create"] = shop.plan("create")
        root.apply(plans["create"].file)
        plans["nothing"] = shop.plan("nothing")
        shop.write("before", **{"spoken-1": "spoken-2"})
        plans["output only"] = shop.plan("output-only")
        account.client("s3").put_object(Bucket="review-deposed-1", Key="model", Body=b"x")
        shop.write("before", **{"review-deposed-1": "review-deposed-2"})
        with pytest.raises(TerraformError, match="BucketNotEmpty"):
            shop.apply("leave-a-deposed-object")
        _change_by_hand(account)
        shop.write("after", **{"review-deposed-1": "review-deposed-2"})
        plans["all"] = shop.plan("all")
        plans["all again"] = shop.plan("all-again")
    return plans


def keep(plans: Mapping[str, RealPlan], manifest: Path) -> None:
    """Write plans down for other test processes; the plan files stay where they are."""
    kept = {name: [plan.text, str(plan.file), asdict(plan.record)] for name, plan in plans.items()}
    manifest.write_text(json.dumps(kept))


def kept(manifest: Path) -> dict[str, RealPlan]:
    """The plans that a test process wrote down."""
    return {
        name: RealPlan(text, Path(file), PlanRecord(**record))
        for name, (text, file, record) in json.loads(manifest.read_text()).items()
    }


def _change_by_hand(account: EmulatedAccount) -> None:
    ssm = account.client("ssm")
    ssm.put_parameter(
        Name="/review/imported", Type="String", Value="made by hand", Tags=[{"Key": "Project", "Value": "review"}]
    )
    ssm.put_parameter(Name="/review/source", Type="String", Value="source changed by hand", Overwrite=True)
    ssm.put_parameter(Name="/review/unused", Type="String", Value="unused changed by hand", Overwrite=True)
    account.client("iam").update_role(RoleName="review-drifted", Description="changed by hand")
