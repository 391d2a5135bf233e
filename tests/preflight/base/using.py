"""A program that takes an account with the environment applied, says what it got, and uses it until its stdin ends."""

import json
import signal
import sys
from dataclasses import asdict

from infra.environment import load_environment
from infra.errors import InfraError
from infra.preflight.base.applied import applied_account
from infra.preflight.workplace import workplace
from infra.terraform.session import find_tools
from infra.verification.steps import Steps


def main() -> None:
    environment, tools = load_environment("development"), find_tools()
    steps = Steps(lambda name, about: None, lambda result: None)
    try:
        with workplace("test") as folder:
            print(folder, flush=True)
            with applied_account(environment, tools, folder, steps) as applied:
                said = {
                    "origin": applied.origin,
                    "account": asdict(applied.account),
                    "steps": [result.name for result in steps.results],
                    "changes": [[change.action, change.address] for change in applied.changes],
                }
                if "keep" in sys.argv:
                    applied.keep(tools)
                print(json.dumps(said), flush=True)
                sys.stdin.read()
    except InfraError as error:
        said = {"failed": [result.name for result in steps.failed], "error": str(error)}
        print(json.dumps(said), flush=True)


# Started by tests that run in the background, it would ignore Ctrl-C as they do.
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
