"""The client side of an emulated account: start one, find a running one, copy it, talk to it, stop it."""

import contextlib
import functools
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

from infra.account.errors import AccountError

HOST = "127.0.0.1"
READY_FILE = "account.json"
# Both are part of moto's public face: any key will do, and a well-formed one survives every client's own checks.
ACCESS_KEY_ID = "AKIAEMULATED00000000"
SECRET_ACCESS_KEY = "emulated"  # noqa: S105 - opens nothing

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_CALL_SECONDS = 90.0
# One that has ended is told by its closed port at once; one that does not answer in time is taken for gone, with all it
# holds, and on a busy machine an account may take its time.
_ANSWER_SECONDS = 30.0

# What would make a client leave loopback, or a person's own configuration matter.
_REMOVED = (
    "AWS_CA_BUNDLE",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "http_proxy",
    "no_proxy",
)

# Says which emulated account the variables around it lead to.
INSTANCE_VARIABLE = "INFRA_ACCOUNT_INSTANCE"

# Processes that this one started; kept so that they are reaped when they end.
_started: dict[int, "subprocess.Popen[bytes]"] = {}


@dataclass(frozen=True)
class EmulatedAccount:
    """A running emulated AWS account.

    Args:
        pid: its process.
        port: TCP port on 127.0.0.1.
        account_id: twelve digits.
        region: AWS region.
        instance_id: identifies it from its start to its end; a copy has its own.
        started: UTC, ISO 8601.
    """

    pid: int
    port: int
    account_id: str
    region: str
    instance_id: str
    started: str

    @property
    def endpoint(self) -> str:
        """URL of every AWS service in it."""
        return f"http://{HOST}:{self.port}"

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """The process environment in which boto3, Terraform and its provider reach this account and no other.

        Args:
            base: environment to clean and complete; None gives only what the account itself needs.

        Returns:
            A complete environment: endpoint, credentials, region; without a person's profile, endpoints of single
            services, certificates or proxies for loopback.
        """
        cleaned = {
            name: value
            for name, value in (base or {}).items()
            if name not in _REMOVED and not name.startswith("AWS_ENDPOINT_URL")
        }
        return cleaned | {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            INSTANCE_VARIABLE: self.instance_id,
            # S3 control calls go to <account id>.127.0.0.1, a name that does not exist. A proxy needs no name: Go
            # skips proxies for loopback only, so these calls, and no others, arrive through it.
            "HTTP_PROXY": self.endpoint,
            "NO_PROXY": f"{HOST},localhost",
        }

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """A boto3 client for this account, whatever the process environment says.

        Args:
            service: as boto3 calls it, e.g. "s3".

        Returns:
            The client; path-style addresses, few retries.
        """
        return _client(self.endpoint, self.region, service)

    def fork(
        self, *, parent_pid: int | None = None, outlive: bool = False, idle_seconds: float | None = None
    ) -> "EmulatedAccount":
        """Copy the whole account, Terraform state included, onto a port of its own; takes some milliseconds.

        Args:
            parent_pid: the copy also ends when this process is gone.
            outlive: the copy goes on when this account, or the process that this account watches, is gone.
            idle_seconds: the copy ends when nobody asked it anything for so long; None takes this account's.

        Returns:
            The copy; later writes on either side are not seen on the other.

        Raises:
            AccountError: it is not running any more, or a request in it does not end.
        """
        details: dict[str, Any] = {"outlive": outlive}
        if parent_pid is not None:
            details["parent_pid"] = parent_pid
        if idle_seconds is not None:
            details["idle_seconds"] = idle_seconds
        status, answer = _call(self.port, "POST", "/infra/fork", self.instance_id, details)
        if status != http.client.OK:
            raise AccountError(f"{self._described()} could not be copied: {answer.get('message', answer)}")
        return EmulatedAccount(**answer)

    def alive(self) -> bool:
        """Whether it runs and is still the same account."""
        try:
            status, answer = _call(self.port, "GET", "/infra/account", timeout=_ANSWER_SECONDS)
        except AccountError:
            return False
        return status == http.client.OK and answer.get("instance_id") == self.instance_id

    def stop(self) -> None:
        """End it and wait until it is gone; what it held is gone too. Does nothing when it is not running.

        Raises:
            AccountError: it answers, but does not end.
        """
        if self.alive():
            with contextlib.suppress(AccountError):  # it may end by itself just now
                _call(self.port, "POST", "/infra/stop", self.instance_id)
        deadline = time.monotonic() + _STOP_SECONDS
        process = _started.get(self.pid)
        while self.alive() or (process and process.poll() is None):
            if time.monotonic() > deadline:
                raise AccountError(
                    f"{self._described()} does not stop: end process {self.pid} by hand (kill {self.pid})."
                )
            time.sleep(0.02)
        _started.pop(self.pid, None)

    def _described(self) -> str:
        return f"The emulated account {self.account_id} ({self.endpoint}, process {self.pid})"


def start(  # noqa: PLR0917 - each has a name that callers use
    directory: Path,
    account_id: str,
    region: str,
    port: int = 0,
    parent_pid: int | None = None,
    idle_seconds: float | None = 4 * 3600,
) -> EmulatedAccount:
    """Start an emulated account and wait until it answers.

    Args:
        directory: where it keeps its ready file while it runs; made when missing.
        account_id: twelve digits.
        region: AWS region.
        port: TCP port on 127.0.0.1; 0 takes a free one.
        parent_pid: it ends when this process is gone; None leaves it running after this command.
        idle_seconds: it ends when nobody asked it anything for so long; None: never.

    Returns:
        The account, empty but for what AWS makes in every account.

    Raises:
        AccountError: one runs there already, the port is taken, or it did not start; with its own reason.
    """
    running = find(directory)
    if running:
        raise AccountError(
            f"An emulated account ({running.account_id}, {running.endpoint}, process {running.pid}) runs in "
            f"{directory} already: use it, or stop it first (`make account-down`)."
        )
    directory.mkdir(parents=True, exist_ok=True)
    arguments = ["--account-id", account_id, "--region", region, "--port", str(port)]
    arguments += ["--ready-file", str((directory / READY_FILE).absolute())]
    if parent_pid is not None:
        arguments += ["--parent-pid", str(parent_pid)]
    if idle_seconds is not None:
        arguments += ["--idle-seconds", str(idle_seconds)]
    # Its errors go to a file without a name: there is nothing to read from a pipe once this command has ended.
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.account.server", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,  # Ctrl-C in the terminal is for the command, not for the account
        )
        _started[process.pid] = process
        try:
            return _wait_until_ready(process, directory)
        except BaseException as failure:
            process.terminate()
            process.wait()
            _started.pop(process.pid, None)
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            if isinstance(failure, AccountError):
                raise AccountError(f"The emulated account did not start. {said or failure}") from failure
            raise


def find(directory: Path) -> EmulatedAccount | None:
    """The emulated account that runs in a directory.

    Args:
        directory: as given to `start`.

    Returns:
        The account when it answers and is the one of the ready file; otherwise None, and a stale file is removed.
    """
    file = directory / READY_FILE
    try:
        account = EmulatedAccount(**json.loads(file.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        file.unlink(missing_ok=True)
        return None
    if account.alive():
        return account
    file.unlink(missing_ok=True)
    return None


_making_clients = threading.Lock()  # boto3's clients can be shared between threads, its sessions cannot


@functools.lru_cache(maxsize=256)
def _client(endpoint: str, region: str, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    config = Config(
        connect_timeout=5,
        inject_host_prefix=False,
        # As in environment(): the names of S3 control's addresses exist only for a proxy.
        proxies={"http": endpoint},
        read_timeout=60,
        retries={"total_max_attempts": 2},
        s3={"addressing_style": "path"},
    )
    with _making_clients:
        session = _session()
        # The model of a service is loaded once, whatever the number of accounts.
        return session.create_client(
            service,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            config=config,
            endpoint_url=endpoint,
            region_name=region,
            verify=False,
        )


@functools.cache
def _session() -> botocore.session.Session:
    # (None, None, default, None): neither the environment nor a person's configuration file is asked.
    settings = {"profile": None, "config_file": os.devnull, "credentials_file": os.devnull, "ca_bundle": None}
    return botocore.session.Session({name: (None, None, value, None) for name, value in settings.items()})


def _wait_until_ready(process: "subprocess.Popen[bytes]", directory: Path) -> EmulatedAccount:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AccountError(f"Its process ended with exit code {process.returncode} and said nothing.")
        try:
            account = EmulatedAccount(**json.loads((directory / READY_FILE).read_text()))
        except (OSError, ValueError, TypeError):
            time.sleep(0.02)
            continue
        if account.pid == process.pid and account.alive():
            return account
        time.sleep(0.02)
    raise AccountError(f"It did not answer within {_START_SECONDS:.0f} s.")


def _call(  # noqa: PLR0917 - one place, in which they are named
    port: int,
    method: str,
    path: str,
    instance_id: str | None = None,
    details: Mapping[str, Any] | None = None,
    timeout: float = _CALL_SECONDS,
) -> tuple[int, dict[str, Any]]:
    """One of the account's own calls; http.client knows no proxies, so it always goes to loopback."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    headers = {"Content-Type": "application/json", "Connection": "close"}
    if instance_id:
        headers["X-Infra-Instance"] = instance_id
    try:
        connection.request(method, path, json.dumps(details or {}) if method == "POST" else None, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise AccountError(
            f"No emulated account answers on {HOST}:{port} ({error}): start it with `make account-up`."
        ) from error
    finally:
        connection.close()
    return response.status, answer if isinstance(answer, dict) else {}
