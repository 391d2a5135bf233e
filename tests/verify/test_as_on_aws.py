"""The path to AWS, against a platform: public names, credentials, CloudWatch, and keys from the process environment.

What stands for AWS is the platform's account. An agent brings the tasks' output into its CloudWatch Logs and their
metrics into its metrics, as AWS does by itself, and counts requests where the load balancer would.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.preflight.registry_view import RegistryView
from infra.release.ledger.entry import Kind, Outcome
from infra.verification.catalogue import ALL_STEPS
from infra.verify.keys import VARIABLES
from tests.verify.conftest import LeftRunning, Verified
from tests.verify.test_platform import artifacts, ledger, log_of, meanwhile

pytestmark = pytest.mark.long

PROGRAM = ("-m", "tests.verify.as_on_aws")


class Agent(threading.Thread):
    """Brings what tasks print into CloudWatch."""

    def __init__(self, view: RegistryView, environment: str) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self._view, self._environment = view, environment
        self._read: dict[Path, int] = {}
        balancers = view.account.client("elbv2").describe_load_balancers()["LoadBalancers"]
        self._balancers = [each["LoadBalancerArn"].partition(":loadbalancer/")[2] for each in balancers]

    def run(self) -> None:
        while not self.ended.wait(0.3):
            for file, service in self._view.logs(self._environment).items():
                self._bring(file, service)

    def _bring(self, file: Path, service: str) -> None:
        logs, group = self._view.account.client("logs"), f"/ecs/{service.replace('-', '/', 1)}/{self._environment}"
        if file not in self._read:
            logs.create_log_stream(logGroupName=group, logStreamName=file.parent.name)
        with file.open("rb") as opened:
            opened.seek(self._read.get(file, 0))
            lines = [line.decode() for line in opened if line.endswith(b"\n")]
            self._read[file] = self._read.get(file, 0) + sum(len(line.encode()) for line in lines)
        now = datetime.now(UTC)
        events = [
            {"timestamp": int(now.timestamp() * 1000), "message": line.rstrip()} for line in lines if line.strip()
        ]
        if events:
            logs.put_log_events(logGroupName=group, logStreamName=file.parent.name, logEvents=events)
        for line in lines:
            if line.startswith('{"_aws":'):
                self._metrics(json.loads(line))
        requests = sum('"kind":"access"' in line for line in lines)
        for balancer in self._balancers if requests else ():
            self._put("AWS/ApplicationELB", "RequestCount", {"LoadBalancer": balancer}, requests, now)

    def _metrics(self, line: dict[str, Any]) -> None:
        at = datetime.fromtimestamp(line["_aws"]["Timestamp"] / 1000, UTC)
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = {name: line[name] for name in names}
                for metric in directive["Metrics"]:
                    value = line[metric["Name"]]
                    if not isinstance(value, list):
                        self._put(directive["Namespace"], metric["Name"], dimensions, value, at)

    def _put(self, namespace: str, name: str, dimensions: dict[str, str], value: float, at: datetime) -> None:
        named = [{"Name": key, "Value": text} for key, text in dimensions.items()]
        datum = {"MetricName": name, "Dimensions": named, "Timestamp": at, "Value": float(value)}
        self._view.account.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[datum])


@pytest.fixture(scope="module")
def platform(left_running: LeftRunning) -> Iterator[LeftRunning]:
    agent = Agent(left_running.view, left_running.environment.name)
    agent.start()
    yield left_running
    agent.ended.set()
    agent.join()


def keys(platform: LeftRunning, *without: str) -> dict[str, str]:
    given = {name: getattr(platform.view.keys, field) for field, name in VARIABLES.items()}
    return {name: key for name, key in given.items() if name not in without}


def verify(platform: LeftRunning, variables: dict[str, str], *arguments: str) -> Verified:
    process = platform.start(
        "--account",
        "aws",
        *arguments,
        variables={**platform.view.account.environment(), **platform.view.network, **variables},
        program=PROGRAM,
    )
    return platform.ended(process)


def test_a_live_environment_passes_and_its_ledger_says_so(platform: LeftRunning) -> None:
    before = len(ledger(platform))
    verified = verify(platform, keys(platform))
    assert verified.exit_code == 0, verified.output
    expected = ["images", *(step.name for step in ALL_STEPS), "same-images"]
    assert verified.outcomes == dict.fromkeys(expected, "passed")
    assert "account: AWS 111122223333" in verified.output
    written = verified.output + json.dumps(verified.document) + verified.junit
    assert not [key for key in astuple(platform.view.keys) if key in written]
    assert artifacts(platform) == []
    [entry] = ledger(platform)[before:]
    assert (entry.kind, entry.outcome) == (Kind.VERIFICATION, Outcome.SUCCEEDED)
    assert entry.images == platform.environment.variables["images"]
    assert "promotes nothing" not in verified.output


def test_without_further_keys_their_steps_are_left_out_and_said_to_be(platform: LeftRunning) -> None:
    without = ("VERIFY_READING_KEY", "VERIFY_LEGACY_KEY", "VERIFY_FOREIGN_KEY")
    verified = verify(platform, keys(platform, *without), "--step", "hosts")
    assert verified.exit_code == 0, verified.output
    named = verify(platform, keys(platform, *without), "--step", "scopes")
    assert named.exit_code == 1
    assert "The step scopes cannot be asked: VERIFY_READING_KEY is not set." in named.output


def test_without_a_key_nothing_is_asked(platform: LeftRunning) -> None:
    verified = verify(platform, {})
    assert verified.exit_code == 1
    assert "There is no API key to verify with. Set VERIFY_API_KEY" in verified.output
    assert not verified.document


def test_keys_may_come_from_a_secret_of_the_account(platform: LeftRunning) -> None:
    secrets = platform.view.account.client("secretsmanager")
    secrets.create_secret(Name="verify/keys", SecretString=json.dumps({"writing": platform.view.keys.writing}))
    try:
        verified = verify(platform, {"VERIFY_SECRET": "verify/keys"}, "--step", "bearer-auth")
    finally:
        secrets.delete_secret(SecretId="verify/keys", ForceDeleteWithoutRecovery=True)
    assert verified.exit_code == 0, verified.output


def test_a_key_that_nobody_issued_is_refused_with_what_to_do(platform: LeftRunning) -> None:
    verified = verify(platform, {"VERIFY_API_KEY": "hk_nobody_issued_this"}, "--step", "bearer-auth")
    assert verified.exit_code == 1
    assert "answers 401 instead of 200" in verified.finding("bearer-auth")["message"]
    assert "Verify with a new one" in verified.finding("bearer-auth")["remedy"]
    assert "hk_nobody_issued_this" not in verified.output


def test_a_certificate_that_nobody_trusts_here_is_a_failing_step_with_what_to_do(platform: LeftRunning) -> None:
    verified = verify(platform, {**keys(platform), "SSL_CERT_FILE": ""}, "--step", "bearer-auth")
    assert verified.exit_code == 1
    assert verified.outcomes == {"hosts": "failed", "bearer-auth": "not run"}
    assert "CERTIFICATE_VERIFY_FAILED" in verified.finding("hosts")["message"]
    assert "openssl s_client -connect registry.development.hokus.ai:443" in verified.finding("hosts")["remedy"]


def test_credentials_of_another_account_are_refused(platform: LeftRunning) -> None:
    verified = verify(platform, {**keys(platform), "ENV": "staging"}, "--env", "staging")
    assert verified.exit_code == 1
    assert "environment staging belongs to account 444455556666" in verified.output


def test_a_cry_in_cloudwatch_is_found_with_what_follows(platform: LeftRunning) -> None:
    log = log_of(platform, "hokusai-mlflow")

    def cry() -> None:
        with log.open("a") as opened:
            opened.write("Traceback (most recent call last):\nValueError: out of cheese\n")

    with meanwhile(cry):
        verified = verify(platform, keys(platform), "--step", "logs")
    assert verified.exit_code == 1
    assert "ValueError: out of cheese" in verified.finding("logs")["message"]
