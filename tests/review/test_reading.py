"""What is no plan, or not a whole one, is refused with a reason."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from infra.errors import InfraError
from infra.review.reading import checked, read_plan
from infra.review.review import review
from tests.review.documents import document, entry
from tests.review.plans import RealPlan


def _refused(text: str | bytes, *words: str) -> None:
    with pytest.raises(InfraError) as refusal:
        checked(text)
    for word in words:
        assert word in str(refusal.value)


@pytest.mark.parametrize("errored", [True, None, "false"])
def test_errored(errored: object) -> None:
    _refused(json.dumps(document(errored=errored)), "has errors", "make plan")


@pytest.mark.parametrize("complete", [False, None, "true"])
def test_incomplete(complete: object) -> None:
    _refused(json.dumps(document(complete=complete)), "incomplete", "-target")


def test_flags_that_are_missing_do_not_pass() -> None:
    for flag in ("errored", "complete"):
        plan = document()
        del plan[flag]
        _refused(json.dumps(plan), flag)


@pytest.mark.parametrize("version", ["2.0", "", "0.1", "10.1", 1.2, None])
def test_unknown_format(version: object) -> None:
    if version == 1.2:  # a number is what Terraform never writes, but it says the same
        assert checked(json.dumps(document(format_version=version)))
    else:
        _refused(json.dumps(document(format_version=version)), "format")


@pytest.mark.parametrize("text", ["", "no json", "[]", "null", b"\xff\xfe\xfd", "[" * 200_000])
def test_no_plan_at_all(text: str | bytes) -> None:
    with pytest.raises(InfraError, match=r"make (plan|doctor)"):
        checked(text)


def test_two_entries_with_one_address() -> None:
    twice = [entry("aws_lb.this", None, {"name": name}) for name in ("a", "b")]
    _refused(json.dumps(document(*twice)), '"aws_lb.this" twice')


def test_a_deposed_object_may_share_an_address() -> None:
    live = entry("aws_lb.this", {"name": "a"}, {"name": "a"})
    old = entry("aws_lb.this", {"name": "b"}, None, deposed="abcd0123")
    assert checked(json.dumps(document(live, old)))


@pytest.mark.parametrize(
    "broken", [{}, {"address": "a.b"}, "text", {"address": 1, "type": "x", "change": {"actions": []}}]
)
def test_entries_that_terraform_does_not_write(broken: object) -> None:
    _refused(json.dumps(document(resource_changes=[broken])), "resource_changes")


def test_a_file_that_is_no_plan(tmp_path: Path, plans: dict[str, RealPlan]) -> None:
    text = plans["nothing"].text
    for name, content in (("text", b"no zip"), ("empty", b"")):
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(InfraError, match="no Terraform plan file"):
            read_plan(text, file)
    with pytest.raises(InfraError, match="There is no plan file"):
        read_plan(text, tmp_path / "missing")
    # A zip with a state and no plan in it, as somebody might keep states.
    with zipfile.ZipFile(tmp_path / "state.zip", "w") as archive:
        archive.writestr("tfstate", "{}")
    with pytest.raises(InfraError, match="no Terraform plan file"):
        read_plan(text, tmp_path / "state.zip")


def test_lineage_and_serial_come_from_the_file(plans: dict[str, RealPlan]) -> None:
    plan = plans["all"]
    with zipfile.ZipFile(plan.file) as archive:
        state = json.loads(archive.read("tfstate"))
    assert (plan.review.provenance.lineage, plan.review.provenance.serial) == (state["lineage"], state["serial"])
    assert plan.review.provenance.lineage


def test_the_record_of_another_plan_is_refused(plans: dict[str, RealPlan]) -> None:
    plan = plans["all"]
    for wrong in (
        replace(plan.record, plan_sha256="0" * 64),
        replace(plan.record, state_serial=plan.record.state_serial + 1),
        replace(plan.record, state_lineage="another"),
        replace(plan.record, terraform_version="1.0.0"),
    ):
        with pytest.raises(InfraError, match="do not belong together"):
            review(plan.text, plan.file, wrong)


def test_an_edited_plan_file_is_refused(tmp_path: Path, plans: dict[str, RealPlan]) -> None:
    plan = plans["all"]
    edited = tmp_path / "edited"
    edited.write_bytes(plan.file.read_bytes() + b"\0")
    with pytest.raises(InfraError):
        review(plan.text, edited, plan.record)


@pytest.mark.parametrize("actions", [["explode"], ["create", "forget"], ["delete", "create", "delete"]])
def test_an_unknown_action_is_refused(plans: dict[str, RealPlan], actions: list[str]) -> None:
    plan = plans["nothing"]
    odd = {**plan.document, "resource_changes": [entry("aws_lb.this", None, {"name": "a"}, actions=actions)]}
    with pytest.raises(InfraError, match="does not know"):
        review(json.dumps(odd), plan.file, plan.record)


def test_a_refusal_does_not_tell_a_secret(plans: dict[str, RealPlan]) -> None:
    plan = plans["nothing"]
    values = {"value": "the-secret-1234"}
    odd = entry('aws_lb.this["the-secret-1234"]', None, values, after_sensitive={"value": True}, actions=["explode"])
    with pytest.raises(InfraError, match=r"explode to aws_lb.this\[\"\(sensitive\)\"\]") as refusal:
        review(json.dumps({**plan.document, "resource_changes": [odd]}), plan.file, plan.record)
    assert "the-secret-1234" not in str(refusal.value)


def test_an_unknown_reason_is_shown_as_it_is(plans: dict[str, RealPlan]) -> None:
    plan = plans["nothing"]
    change = entry("aws_lb.this", {"name": "a"}, None, action_reason="delete_because_of_the_moon")
    odd = {**plan.document, "resource_changes": [change]}
    assert review(json.dumps(odd), plan.file, plan.record).changes[0].reason == "delete_because_of_the_moon"
