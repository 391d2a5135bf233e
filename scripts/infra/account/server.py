"""Starts the process of an emulated AWS account: moto on loopback, with the gaps filled.

python -m infra.account.server --account-id 123456789012 --region us-east-1 --port 0 --ready-file PATH
"""

import argparse
import os
import socket
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

from infra.account.account_process import HOST, AccountProcess, Identity
from infra.account.lifetime import Lifetime, Watch

_SPILL_BYTES = 1 << 40  # S3 bodies stay in memory: spilled files would share their offset with the copies


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="infra.account.server", description="An emulated AWS account on loopback.")
    parser.add_argument("--account-id", required=True, help="twelve digits")
    parser.add_argument("--region", required=True)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--ready-file", type=Path, help="written when it serves, removed when it ends")
    parser.add_argument("--parent-pid", type=int, help="end when this process is gone")
    parser.add_argument("--idle-seconds", type=float, help="end when nobody asked anything for so long")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run an emulated account until it ends.

    Args:
        argv: command line; None takes the process's own.

    Returns:
        Exit code.
    """
    arguments = _arguments(argv)
    watched = (Watch(arguments.parent_pid),) if arguments.parent_pid else ()
    try:
        listener = socket.create_server((HOST, arguments.port), backlog=128)
    except OSError as error:
        print(
            f"Port {arguments.port} on {HOST} cannot be taken: {error.strerror}. "
            "Stop what listens there, or say PORT=0 to take a free one.",
            file=sys.stderr,
        )
        return 1
    # moto reads these when it is imported; nothing of the person's AWS configuration may matter to it.
    for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_", "S3_", "INITIAL_NO_AUTH"))]:
        del os.environ[name]
    os.environ |= {
        "MOTO_ACCOUNT_ID": arguments.account_id,
        "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(_SPILL_BYTES),
        "MOTO_DISABLE_GLOBAL_CORS": "true",
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_DEFAULT_REGION": arguments.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    from infra.account.gaps import create_application  # noqa: PLC0415 - moto reads the environment when it is imported

    identity = Identity(
        pid=os.getpid(),
        port=listener.getsockname()[1],
        account_id=arguments.account_id,
        region=arguments.region,
        instance_id=str(uuid.uuid4()),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    lifetime = Lifetime(watched, arguments.idle_seconds)
    AccountProcess(create_application(), identity, listener, lifetime, arguments.ready_file).run()
    return 0


if __name__ == "__main__":
    # Not sys.exit: taking a large account apart object by object would take more than a second.
    exit_code = main()
    sys.stderr.flush()
    os._exit(exit_code)
