"""Where a run's account comes from, that nobody else works in it, and that nothing of it stays.

Real Terraform, small roots.
"""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.account.emulated import EmulatedAccount
from tests.delivery.checkout import Checkout
from tests.preflight.base.conftest import Take, listen, make_checkout, start_program


def eventually(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def parameter(account: EmulatedAccount, name: str) -> str | None:
    found = account.client("ssm").get_parameters(Names=[f"/{name}"])["Parameters"]
    return str(found[0]["Value"]) if found else None


@pytest.mark.long
def test_two_at_once_make_one_base(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path)
    with ThreadPoolExecutor() as pool:
        users = list(pool.map(listen, [start_program(checkout) for _ in range(2)]))
    try:
        assert sorted(user.said["origin"] for user in users) == ["kept", "new"]
        for user in users:
            assert user.said["steps"][0] == "account"
            assert parameter(user.account, "first") == "1"
        [maker] = [user for user in users if user.said["origin"] == "new"]
        assert maker.said["steps"] == ["account", "plan", "apply", "stable"]
    finally:
        for user in users:
            user.end()
        assert checkout.infra("account", "down", "--all").returncode == 0


def test_copies_are_independent_of_each_other_and_of_the_base(take: Take) -> None:
    one, other = take(), take()
    assert one.said["origin"] == other.said["origin"] == "kept"
    for user, value in ((one, "one"), (other, "other")):
        user.account.client("ssm").put_parameter(Name="/first", Value=value, Type="String", Overwrite=True)
        user.account.client("s3").put_object(Bucket="hokusai-terraform-state-development", Key="k", Body=value.encode())
        key = user.account.client("kms").create_key()["KeyMetadata"]["KeyId"]
        sealed = user.account.client("kms").encrypt(KeyId=key, Plaintext=value.encode())["CiphertextBlob"]
        assert user.account.client("kms").decrypt(CiphertextBlob=sealed)["Plaintext"] == value.encode()
    for user, value in ((one, "one"), (other, "other")):
        assert parameter(user.account, "first") == value
        stored = user.account.client("s3").get_object(Bucket="hokusai-terraform-state-development", Key="k")
        assert stored["Body"].read() == value.encode()
        assert len(user.account.client("kms").list_keys()["Keys"]) == 1
    assert parameter(take().account, "first") == "1"


def test_only_the_difference_is_applied_and_kept_only_when_told(checkout: Checkout, take: Take) -> None:
    checkout.add_parameter("second", "2")
    user = take()
    assert user.said["origin"] == "older"
    assert user.said["steps"] == ["account", "plan", "apply"]
    assert user.said["changes"] == [["create", "aws_ssm_parameter.second"]]
    assert (parameter(user.account, "first"), parameter(user.account, "second")) == ("1", "2")
    assert take().said["origin"] == "older"
    assert take("keep").said["origin"] == "older"
    kept = take()
    assert (kept.said["origin"], kept.said["steps"], kept.said["changes"]) == ("kept", ["account"], [])
    assert parameter(kept.account, "second") == "2"


def test_a_copy_goes_on_when_the_base_is_replaced(checkout: Checkout, take: Take) -> None:
    early = take()
    checkout.add_parameter("third", "3")
    assert take("keep").said["origin"] == "older"
    assert take().said["origin"] == "kept"
    assert (parameter(early.account, "first"), parameter(early.account, "third")) == ("1", None)


def test_a_changed_bootstrap_root_is_applied_too(checkout: Checkout, take: Take) -> None:
    more = checkout.root / "environments/bootstrap/more.tf"
    more.write_text('resource "aws_s3_bucket" "more" { bucket = "more" }\n')
    user = take()
    assert (user.said["origin"], user.said["changes"]) == ("older", [])
    assert user.account.client("s3").head_bucket(Bucket="more")
    more.unlink()


def test_documents_change_nothing(checkout: Checkout, take: Take) -> None:
    (checkout.root / "environments/stack/README.md").write_text("about it")
    assert take().said["origin"] == "kept"


def test_a_refused_configuration_says_where_and_leaves_nothing(checkout: Checkout, take: Take) -> None:
    wrong = checkout.root / "environments/stack/wrong.tf"
    wrong.write_text(
        'resource "aws_ssm_parameter" "wrong" {\n  name = "/wrong"\n  type = "Strange"\n  value = "x"\n}\n'
    )
    try:
        user = take()
        assert user.said["failed"] == ["plan"]
        assert "wrong.tf:3" in user.said["error"]
        user.process.wait(60)
        assert eventually(lambda: not user.folder.exists())
    finally:
        wrong.unlink()
    assert take().said["origin"] == "kept"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_stays_of_a_run_that_is_killed(take: Take, number: int) -> None:
    user = take()
    assert user.account.alive()
    assert user.folder.is_dir()
    os.kill(user.process.pid, number)
    user.process.wait(60)
    assert eventually(lambda: not user.account.alive())
    assert eventually(lambda: not user.folder.exists())
    assert take().said["origin"] == "kept"


@pytest.mark.long
def test_another_account_code_needs_another_base(checkout: Checkout, take: Take) -> None:
    gaps = checkout.root / "scripts/infra/account/gaps.py"
    before = gaps.read_text()
    gaps.write_text(before + "\n# changed\n")
    try:
        assert take().said["origin"] == "new"
    finally:
        gaps.write_text(before)


def test_what_is_kept_is_shown_and_stopped(checkout: Checkout) -> None:
    assert "base of preflights at http://127.0.0.1:" in checkout.infra("account", "status").stdout
    assert "was stopped too" in checkout.infra("account", "down", "--env", "development").stdout
    assert "base of preflights" not in checkout.infra("account", "status").stdout
