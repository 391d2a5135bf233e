"""`infra verify` against a platform that really runs: it passes, cleans up, and notices what each step is there for."""

import json
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.account.selection import Account
from infra.preflight.registry_view import registry_of
from infra.release.books import open_books
from infra.release.ledger.chain import verify
from infra.release.ledger.entry import Kind, Outcome, Record
from infra.verification.catalogue import ALL_STEPS
from tests.verify.conftest import LeftRunning


def ledger(platform: LeftRunning) -> list[Record]:
    """What was entered, once the chain holds."""
    emulated = platform.view.account
    account = Account("emulated", emulated.account_id, "", emulated.instance_id, emulated, "")
    books = open_books(platform.environment, account)
    problems = verify(books.ledger.stored(), platform.environment.name, books.state.version())
    assert [each for each in problems if "was not written by any entry" not in each] == []  # preflight enters nothing
    return [entry.record for entry in books.ledger.entries()]


def left_by_name(platform: LeftRunning, name: str, folder: Path) -> list[str]:
    """Active experiments and registered models whose names begin like this, as the registry tells them."""
    like = {"filter": f"name LIKE '{name}%'", "max_results": 100}
    home = folder / secrets.token_hex(4)
    with registry_of(platform.view, platform.environment, "look", home, since_start=False) as target:
        key = target.keys.writing
        experiments = target.ask("POST", "/api/2.0/mlflow/experiments/search", like, key=key)
        search = f"/api/2.0/mlflow/registered-models/search?filter=name+LIKE+'{name}%25'"
        models = target.ask("GET", search, key=key)
    assert (experiments.status, models.status) == (200, 200)
    found = (*experiments.json.get("experiments", []), *models.json.get("registered_models", []))
    return [each["name"] for each in found]


def artifacts(platform: LeftRunning) -> list[str]:
    """Current objects in the bucket."""
    bucket = f"hokusai-mlflow-artifacts-{platform.environment.name}"
    listed = platform.view.account.client("s3").list_objects_v2(Bucket=bucket)
    return [each["Key"] for each in listed.get("Contents", [])]


@contextmanager
def meanwhile(action: Callable[[], None], pause: float = 0.05) -> Iterator[None]:
    """Do something again and again for as long as the block runs."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(pause):
            action()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def log_of(platform: LeftRunning, service: str) -> Path:
    return next(file for file, name in platform.view.logs(platform.environment.name).items() if name == service)


def test_everything_passes_and_nothing_is_left(left_running: LeftRunning, tmp_path: Path) -> None:
    before = len(ledger(left_running))
    verified = left_running.verify()
    assert verified.exit_code == 0, verified.output
    expected = ["images", *(step.name for step in ALL_STEPS if not step.on_aws_only), "same-images"]
    assert verified.outcomes == dict.fromkeys(expected, "passed")
    assert left_by_name(left_running, verified.document["name"], tmp_path) == []
    assert artifacts(left_running) == []
    written = verified.output + json.dumps(verified.document) + verified.junit
    assert not [key for key in astuple(left_running.view.keys) if key in written]
    entries = ledger(left_running)[before:]
    assert [(entry.kind, entry.outcome) for entry in entries] == [(Kind.VERIFICATION, Outcome.SUCCEEDED)]
    assert entries[0].images == left_running.environment.variables["images"]
    assert entries[0].details["steps"] == verified.outcomes
    assert "it ends with it, and promotes nothing" in verified.output


def test_some_steps_are_run_with_what_they_need_and_enter_nothing(left_running: LeftRunning) -> None:
    before = ledger(left_running)
    verified = left_running.verify("--step", "model,alarms")
    assert verified.exit_code == 0, verified.output
    assert list(verified.outcomes) == ["hosts", "bearer-auth", "model", "cleanup", "alarms"]
    assert "Run as well, because it is needed: hosts, bearer-auth, cleanup." in verified.output
    assert ledger(left_running) == before


@pytest.mark.parametrize("change", ["deleted", "rings", "mute"])
def test_an_alarm_is_missed_heard_and_not_muted(left_running: LeftRunning, change: str) -> None:
    cloudwatch, name = left_running.view.account.client("cloudwatch"), "hokusai-development-gateway-errors"
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    shape = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    again = {field: value for field, value in alarm.items() if field in shape}
    if change == "deleted":
        cloudwatch.delete_alarms(AlarmNames=[name])
    elif change == "rings":
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="half of all requests failed")
    else:
        cloudwatch.put_metric_alarm(**{**again, "ActionsEnabled": False})
    try:
        verified = left_running.verify("--step", "alarms")
    finally:
        cloudwatch.put_metric_alarm(**again)
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="put back")
    assert verified.exit_code == 1
    finding = verified.finding("alarms")
    assert name in finding["message"]
    if change == "rings":
        assert "half of all requests failed" in finding["message"]
        assert "modules/observability/alarms_gateway.tf" in finding["places"]


def test_a_host_that_another_load_balancer_serves_is_found(left_running: LeftRunning) -> None:
    elb, host = left_running.view.account.client("elbv2"), f"registry.{left_running.environment.domain}"
    rules = [
        rule
        for balancer in elb.describe_load_balancers()["LoadBalancers"]
        for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        if any(host in condition.get("HostHeaderConfig", {}).get("Values", ()) for condition in rule["Conditions"])
    ]
    assert rules

    def lead(to: str) -> None:
        for rule in rules:
            others = [each for each in rule["Conditions"] if each["Field"] != "host-header"]
            named = {"Field": "host-header", "HostHeaderConfig": {"Values": [to]}}
            elb.modify_rule(RuleArn=rule["RuleArn"], Conditions=[named, *others])

    lead("elsewhere.hokus.ai")
    try:
        verified = left_running.verify("--step", "load-balancers")
    finally:
        lead(host)
    assert verified.exit_code == 1
    assert f"The record of {host} leads to the load balancer" in verified.finding("load-balancers")["message"]
    assert "which has no rule for it; its rules are at nowhere" in verified.finding("load-balancers")["message"]


def test_a_cry_in_a_log_is_found_with_its_lines(left_running: LeftRunning) -> None:
    log = log_of(left_running, "hokusai-mlflow")

    def cry() -> None:
        with log.open("a") as opened:
            opened.write("Traceback (most recent call last):\nValueError: out of cheese\n")

    with meanwhile(cry):
        verified = left_running.verify("--step", "logs")
    assert verified.exit_code == 1
    message = verified.finding("logs")["message"]
    assert "hokusai-mlflow logged" in message
    assert "ValueError: out of cheese" in message
    assert left_running.verify("--step", "logs").exit_code == 0  # it looks at nothing that was before


def test_more_failed_requests_than_before_are_found(left_running: LeftRunning) -> None:
    log = log_of(left_running, "hokusai-gateway")

    def fail() -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        with log.open("a") as opened:
            opened.write(f'{{"kind":"access","time":"{at}","outcome":"server_error","path":"/api/x"}}\n')

    process = left_running.start("--step", "error-rate")
    seen = left_running.until(process, "✓ hosts")  # what failed earlier was before
    with meanwhile(fail, pause=0.005):
        verified = left_running.ended(process, seen)
    assert verified.exit_code == 1, verified.output
    assert "More requests fail than before: at the gateway" in verified.finding("error-rate")["message"]


@pytest.mark.long
def test_a_bucket_without_a_key_of_its_own_is_found(left_running: LeftRunning) -> None:
    s3, bucket = left_running.view.account.client("s3"), "hokusai-mlflow-artifacts-development"
    before = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    plain = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=plain)
    try:
        verified = left_running.verify("--step", "artifact-stored")
    finally:
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=before)
    assert verified.exit_code == 1
    assert "does not encrypt with a key of its own" in verified.finding("artifact-stored")["message"]
    assert verified.outcomes["cleanup"] == "passed"


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "expired or revoked"), (403, "mlflow:write"), (429, "Retry-After")]
)
def test_a_key_that_is_refused_says_what_to_do(left_running: LeftRunning, status: int, advice: str) -> None:
    file = left_running.view.tasks.parent / "shown" / "auth.json"
    before = file.read_text()
    known = json.loads(before)
    known["keys"][left_running.view.keys.writing]["refused_as"] = status

    def write(text: str) -> None:
        partial = file.with_suffix(".test")
        partial.write_text(text)
        partial.chmod(0o644)
        partial.replace(file)
        time.sleep(0.5)

    write(json.dumps(known))
    try:
        verified = left_running.verify("--step", "auth-service")
    finally:
        write(before)
    assert verified.exit_code == 1
    assert advice in verified.finding("auth-service")["remedy"]
    assert str(status) in verified.finding("auth-service")["message"]


# Tests that run in the background are started with Ctrl-C ignored, and so is what they start.
HEEDING_CTRL_C = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from infra.cli import main
main()
"""


@pytest.mark.long
def test_what_was_made_is_removed_after_ctrl_c(left_running: LeftRunning, tmp_path: Path) -> None:
    before = ledger(left_running)
    process = left_running.start(program=("-c", HEEDING_CTRL_C))
    seen = left_running.until(process, "✓ runs")  # the client is in the middle of the next step
    os.kill(process.pid, signal.SIGINT)
    verified = left_running.ended(process, seen)
    assert verified.exit_code == 130, verified.output
    assert "✓ cleanup" in verified.output
    assert verified.document["outcome"] == "interrupted"
    assert left_by_name(left_running, verified.document["name"], tmp_path) == []
    assert artifacts(left_running) == []
    assert ledger(left_running) == before


def test_where_no_platform_runs_one_error_says_how_to_start_one(left_running: LeftRunning, tmp_path: Path) -> None:
    empty = LeftRunning(tmp_path, left_running.environment, left_running.view, 0)
    verified = empty.verify()
    assert verified.exit_code == 1
    assert "make preflight ENV=development KEEP=1" in verified.output
    assert "Traceback" not in verified.output
    assert not verified.document
