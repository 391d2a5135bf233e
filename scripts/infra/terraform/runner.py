"""Running Terraform: its command lines, its machine-readable output, its errors and its interruption.

python-terraform builds the command lines. It can neither stream output nor take an environment of its own (it would
hand the person's TF_* variables through), so the process is started here.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui (messages of `-json`).
"""

import fcntl
import json
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from python_terraform import IsFlagged
from python_terraform import Terraform as CommandLine

from infra.console import note
from infra.errors import InfraError
from infra.terraform.followed import FollowedFile

Message = Mapping[str, Any]
Listener = Callable[[Message], None]

PLAN_HAS_CHANGES: Final = 2


class TerraformError(InfraError):
    """Terraform failed.

    Args:
        command: the sub-command, as in "plan".
        diagnostics: Terraform's own errors, parsed from its `-json` output.
        text: the same as text, when Terraform failed before it could print JSON.
    """

    def __init__(self, command: str, diagnostics: Sequence[Message], text: str) -> None:
        self.command = command
        self.diagnostics = diagnostics
        self.text = text
        described = [describe(diagnostic) for diagnostic in diagnostics] or [text.strip() or "it said nothing"]
        super().__init__(f"terraform {command} failed.\n" + "\n".join(described))

    def mentions(self, *words: str) -> bool:
        """Whether one of the diagnostics contains all these words.

        Args:
            words: case-insensitive substrings.

        Returns:
            True when they occur together.
        """
        texts = [describe(diagnostic).lower() for diagnostic in self.diagnostics] or [str(self).lower()]
        return any(all(word.lower() in text for word in words) for text in texts)


def describe(diagnostic: Message) -> str:
    """A diagnostic of Terraform's as text: what, where, and the line of configuration.

    Args:
        diagnostic: the `diagnostic` object of a machine-readable message.

    Returns:
        One or more lines.
    """
    lines = [f"{diagnostic.get('severity', 'error').capitalize()}: {diagnostic.get('summary', '')}"]
    source = diagnostic.get("range")
    if source:
        context = (diagnostic.get("snippet") or {}).get("context")
        where = f"{source['filename']}:{source['start']['line']}"
        lines.append(f"  at {where}" + (f" in {context}" if context else ""))
    if diagnostic.get("address"):
        lines.append(f"  for {diagnostic['address']}")
    detail = str(diagnostic.get("detail", "")).strip()
    lines += [f"  {line}" for line in detail.splitlines()]
    return "\n".join(lines)


# Terraform and the provider build a schema of hundreds of megabytes that stays. With Go's own setting, looking for
# garbage in it is a fifth of their processor time (`terraform validate` of a small root: 3.0 s, then 2.4 s, and 5 %
# more memory).
_GARBAGE_COLLECTION = {"GOGC": "400", "GOMEMLIMIT": "1200MiB"}


# Which backend and which modules a working folder was initialised with. An `init` that is killed leaves a part of them,
# and no later one gets past that ("Failed to load state", "failed to read module manifest").
_WRITTEN_IN_PLACE = ("terraform.tfstate", "modules/modules.json")


def clean_environment(base: Mapping[str, str]) -> dict[str, str]:
    """The process environment that Terraform and its provider run in.

    A person's TF_* variables would change a plan without anybody seeing it (TF_CLI_ARGS_plan=-target=..., TF_VAR_x,
    TF_WORKSPACE), so none is handed through; an AWS_CA_BUNDLE that names no file would break every call to AWS.

    Args:
        base: the environment of this process.

    Returns:
        A copy without them.
    """
    kept = {name: value for name, value in base.items() if not name.startswith("TF_")}
    bundle = kept.get("AWS_CA_BUNDLE")
    if bundle and not Path(bundle).is_file():
        note(f"  AWS_CA_BUNDLE names {bundle}, which does not exist: ignored")
        del kept["AWS_CA_BUNDLE"]
    return _GARBAGE_COLLECTION | kept | {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}


@dataclass(frozen=True)
class Terraform:
    """A root module, ready to be worked on.

    Args:
        executable: the Terraform program.
        root: folder of the root module.
        data_dir: Terraform's working folder (TF_DATA_DIR); one for each environment, since the backend differs.
        environment: complete process environment, with account, provider attachment and CLI configuration.
        lifeline: descriptor that keeps the attached provider alive for as long as some process has it open; None
            without such a provider.
    """

    executable: Path
    root: Path
    data_dir: Path
    environment: Mapping[str, str] = field(repr=False)
    lifeline: int | None = None

    def init(self, backend_config: Path | None = None) -> None:
        """Prepare the working folder: backend, modules, and the provider exactly as locked.

        Args:
            backend_config: settings of the state backend; None when the code says all of them.

        Raises:
            TerraformError: Terraform's reason.
        """
        options: dict[str, Any] = {"lockfile": "readonly", "reconfigure": IsFlagged}
        if backend_config is not None:
            options["backend-config"] = str(backend_config)
        for name in _WRITTEN_IN_PLACE:
            _remove_half_written(self.data_dir / name)
        self._stream("init", options)

    def plan(
        self,
        out: Path,
        variable_files: Sequence[Path] = (),
        *,
        destroy: bool = False,
        variables: Mapping[str, str] | None = None,
        lock: bool = True,
        refresh: bool = True,
        refresh_only: bool = False,
        on_message: Listener | None = None,
    ) -> bool:
        """Make a plan and save it.

        Args:
            out: where the plan file goes; it holds secrets, the caller sees to its mode.
            variable_files: `.tfvars` files, later ones win.
            destroy: plan the destruction of everything instead.
            variables: single values on top of the files.
            lock: whether to take the state lock; a role that can only read cannot.
            refresh: whether to read every resource first; without, the state is believed.
            refresh_only: plan to write into the state what the account is, and nothing else.
            on_message: called for every machine-readable message, for progress.

        Returns:
            Whether the plan changes anything.

        Raises:
            TerraformError: Terraform's reason.
        """
        options: dict[str, Any] = {
            "input": False,
            "detailed-exitcode": IsFlagged,
            "out": str(out),
            "lock": lock,
            "refresh": refresh,
            "var-file": [str(file) for file in variable_files],
            "var": [f"{name}={value}" for name, value in (variables or {}).items()],
        }
        if destroy:
            options["destroy"] = IsFlagged
        if refresh_only:
            options["refresh-only"] = IsFlagged
        return self._stream("plan", options, accept=(0, PLAN_HAS_CHANGES), on_message=on_message) == PLAN_HAS_CHANGES

    def apply(
        self,
        plan: Path,
        on_message: Listener | None = None,
        *,
        stop: threading.Event | None = None,
        journal: Path | None = None,
    ) -> None:
        """Apply exactly a saved plan.

        Args:
            plan: the plan file.
            on_message: called for every machine-readable message, for progress.
            stop: once another thread sets it, Terraform is interrupted: it stops in good order and saves the state.
            journal: file that Terraform writes its messages into, locked (flock) for as long as it runs. With it,
                Terraform and its provider do not need this process: if it is killed, they finish what they do.

        Raises:
            TerraformError: Terraform's reason; what was done until then is in the state.
        """
        self._stream("apply", {"input": False}, str(plan), on_message=on_message, stop=stop, journal=journal)

    def plan_and_apply(self, variable_files: Sequence[Path], on_message: Listener) -> None:
        """Plan and apply in one run, which reads configuration, state and schema once: where nobody reviews the plan.

        The state is believed; no resource is read first.

        Args:
            variable_files: `.tfvars` files, later ones win.
            on_message: called for every machine-readable message. Those of the plan end with a `change_summary`.

        Raises:
            TerraformError: Terraform's reason, of `plan` or of `apply`.
        """
        planned = False

        def read(message: Message) -> None:
            nonlocal planned
            planned = planned or message.get("type") == "change_summary"
            on_message(message)

        files = [str(file) for file in variable_files]
        options = {"input": False, "auto-approve": IsFlagged, "refresh": False, "var-file": files}
        try:
            self._stream("apply", options, on_message=read)
        except TerraformError as error:
            if planned:
                raise
            raise TerraformError("plan", error.diagnostics, error.text) from None

    def show(self, plan: Path) -> str:
        """A saved plan as JSON.

        Args:
            plan: the plan file.

        Returns:
            The JSON text.

        Raises:
            TerraformError: the file is no plan of this Terraform.
        """
        return self.capture("show", {"json": IsFlagged}, str(plan))

    def provider_schemas(self) -> dict[str, Any]:
        """What the providers of the root say about their resources.

        Returns:
            `provider_schemas` of `terraform providers schema -json`.

        Raises:
            TerraformError: Terraform's reason.
        """
        document: dict[str, Any] = json.loads(self.capture("providers schema", {"json": IsFlagged}))
        schemas: dict[str, Any] = document["provider_schemas"]
        return schemas

    def force_unlock(self, lock_id: str) -> None:
        """Free the state lock of a run that died.

        Args:
            lock_id: the lock's ID.

        Raises:
            TerraformError: no such lock.
        """
        self.capture("force-unlock", {"force": IsFlagged}, lock_id)

    def state_push(self, state: Path) -> None:
        """Write a state to the backend; refused when the backend has a newer one or one of another lineage.

        Args:
            state: the state file.

        Raises:
            TerraformError: the backend's reason.
        """
        self.capture("state push", {}, str(state))

    def state_pull(self) -> dict[str, Any]:
        """The state as the backend has it.

        Returns:
            The state's document; empty where there is no state.

        Raises:
            TerraformError: the backend did not answer.
        """
        text = self.capture("state pull", {})
        state: dict[str, Any] = json.loads(text) if text.strip() else {}
        return state

    def state_list(self) -> list[str]:
        """Addresses of everything in the state.

        Returns:
            The addresses; none where there is no state yet.

        Raises:
            TerraformError: the backend did not answer.
        """
        try:
            return self.capture("state list", {}).splitlines()
        except TerraformError as error:
            if error.mentions("no state file was found"):
                return []
            raise

    def state_rm(self, addresses: Sequence[str]) -> None:
        """Forget resources without touching them.

        Args:
            addresses: what to forget.

        Raises:
            TerraformError: one of them is not in the state.
        """
        self.capture("state rm", {}, *addresses)

    def capture(self, command: str, options: Mapping[str, Any], *arguments: str) -> str:
        """Run a sub-command that prints its answer.

        Args:
            command: as in "show" or "state rm".
            options: as python-terraform takes them.
            arguments: positional arguments.

        Returns:
            What it printed to stdout.

        Raises:
            TerraformError: it failed.
        """
        process = self._start(command, options, arguments)
        out, err = _communicate(process, process.stdout)
        if process.returncode != 0:
            raise TerraformError(command, [], _plain(err or out))
        return out

    def _stream(
        self,
        command: str,
        options: Mapping[str, Any],
        *arguments: str,
        accept: tuple[int, ...] = (0,),
        on_message: Listener | None = None,
        stop: threading.Event | None = None,
        journal: Path | None = None,
    ) -> int:
        written = journal.stat().st_size if journal else 0
        process = self._start(command, {**options, "json": IsFlagged}, arguments, journal)
        if stop:
            threading.Thread(target=_interrupt, args=(process, stop), daemon=True).start()
        errors: list[Message] = []
        other: list[str] = []

        def read(line: str) -> None:
            try:
                message = json.loads(line)
            except json.JSONDecodeError:
                other.append(_plain(line))
                return
            if message.get("type") == "diagnostic" and message["diagnostic"]["severity"] == "error":
                errors.append(message["diagnostic"])
            if on_message:
                on_message(message)

        with FollowedFile(journal, written, process) if journal else nullcontext(process.stdout) as lines:
            _, err = _communicate(process, lines, read)
        if process.returncode not in accept:
            raise TerraformError(command, errors, "\n".join([*other, _plain(err)]))
        return process.returncode

    def _start(
        self, command: str, options: Mapping[str, Any], arguments: Sequence[str], journal: Path | None = None
    ) -> "subprocess.Popen[str]":
        self.data_dir.mkdir(parents=True, exist_ok=True)
        line = CommandLine(working_dir=str(self.data_dir), terraform_bin_path=str(self.executable))
        argv: list[str] = line.generate_cmd_string(command, *arguments, **options)
        # A session of its own: Ctrl-C on the terminal reaches only this process, which passes it on exactly once.
        # Terraform takes a second interrupt as "stop at once and perhaps lose the state".
        with journal.open("ab") if journal else nullcontext(subprocess.PIPE) as output:
            if journal:
                # Held by whoever has this very opening of the file: after the block, Terraform alone.
                fcntl.flock(output, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return subprocess.Popen(
                [argv[0], f"-chdir={self.root}", *argv[1:]],
                stdout=output,
                stderr=subprocess.STDOUT if journal else subprocess.PIPE,
                text=True,
                env={**self.environment, "TF_DATA_DIR": str(self.data_dir)},
                start_new_session=True,
                pass_fds=[self.lifeline] if journal and self.lifeline is not None else [],
            )


def _remove_half_written(file: Path) -> None:
    """Remove a JSON file that somebody was killed in writing."""
    try:
        json.loads(file.read_bytes())
    except FileNotFoundError:
        return
    except ValueError:
        file.unlink()


def _interrupt(process: "subprocess.Popen[str]", stop: threading.Event) -> None:
    """Interrupt a process once the event is set; ends with the process."""
    while process.poll() is None:
        if stop.wait(1):
            process.send_signal(signal.SIGINT)
            return


def _communicate(
    process: "subprocess.Popen[str]", lines: Iterable[str] | None, on_line: Callable[[str], None] | None = None
) -> tuple[str, str]:
    """Read both streams to their end; on Ctrl-C let Terraform stop in good order first, then say so."""
    out: list[str] = []
    err: list[str] = []
    assert lines is not None  # noqa: S101 - a pipe or a file
    drain = threading.Thread(target=err.extend, args=(process.stderr or (),), daemon=True)
    drain.start()
    interrupts = 0
    while True:
        try:
            for line in lines:
                if on_line:
                    on_line(line)
                else:
                    out.append(line)
            process.wait()
            drain.join()
            break
        except KeyboardInterrupt:
            interrupts += 1
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            note(
                "  Interrupted: Terraform finishes what it is doing and saves the state. "
                "A second Ctrl-C stops it at once and may lose track of what it made."
                if interrupts == 1
                else "  Interrupted again: Terraform stops at once."
            )
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
    for stream in filter(None, (process.stdout, process.stderr)):
        stream.close()
    if interrupts:
        raise KeyboardInterrupt
    return "".join(out), "".join(err)


def _plain(text: str) -> str:
    without_colour = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return "\n".join(re.sub(r"^[╷│╵]\s?", "", line).rstrip() for line in without_colour.splitlines()).strip()
