"""What this machine has of what the tooling needs: every check runs, then one exit code."""

import shutil
import sys
from collections.abc import Callable

from infra.account import emulated
from infra.account.preparation import account_folder
from infra.console import say
from infra.environment import environment_names, load_environment
from infra.errors import InfraError
from infra.terraform.binary import find_terraform
from infra.terraform.provider import find_provider
from infra.tflint import find_tflint


def examine() -> None:
    """Check the machine and print one line a finding, with what to do where something is missing.

    Raises:
        InfraError: something that a command needs is missing.
    """
    checks: dict[str, Callable[[], str]] = {
        "python": lambda: f"{sys.version.split()[0]} ({sys.executable})",
        "git": _git,
        "terraform": _terraform,
        "provider": _provider,
        "tflint": _tflint,
        "environments": _environments,
        "credentials": _credentials,
        "emulated": _emulated,
    }
    failed = []
    for name, check in checks.items():
        try:
            say(f"ok    {name:13} {check()}")
        except InfraError as error:
            failed.append(name)
            say(f"FAIL  {name:13} {error}", style="red")
    if failed:
        raise InfraError(f"Not everything is there: {', '.join(failed)}. What to do stands beside each.")
    say("Everything is there. Next: `make plan ENV=development`.")


def _git() -> str:
    path = shutil.which("git")
    if not path:
        raise InfraError("git is not installed: a plan records the commit that it was made from. Install git.")
    return path


def _terraform() -> str:
    terraform = find_terraform()
    return f"{terraform.version} from {terraform.origin} ({terraform.path})"


def _provider() -> str:
    provider = find_provider(find_terraform())
    return f"hashicorp/aws {provider.version} from {provider.origin} ({provider.mirror}), as locked"


def _tflint() -> str:
    found = find_tflint()
    return str(found) if found else "not installed yet; `make lint` builds it with Go, once"


def _environments() -> str:
    return ", ".join(f"{name} ({load_environment(name).account_id})" for name in environment_names())


def _credentials() -> str:
    import botocore.session  # noqa: PLC0415 - slow to import, and only this check needs it
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    try:
        credentials = botocore.session.Session().get_credentials()
    except BotoCoreError as error:
        raise InfraError(f"reading the AWS credentials failed: {error}") from error
    return f"AWS, by {credentials.method}" if credentials else "none: plans go to the emulated account"


def _emulated() -> str:
    running = [name for name in environment_names() if emulated.find(account_folder(load_environment(name)))]
    return f"running for {', '.join(running)}" if running else "none is running"
