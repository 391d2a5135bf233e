"""Where the AWS provider comes from, proof that it is the locked one, and a warm process of it.

A provider process costs about a second to start and `terraform init` another 1.7 s to check it, several times in one
`make plan`. So one process is started with the provider's own debug attachment and every Terraform command of the run
attaches to it (TF_REATTACH_PROVIDERS). Terraform does not check an attached provider against the lock file; this
module does, before starting it.

Source: https://developer.hashicorp.com/terraform/plugin/debugging (reattach), https://developer.hashicorp.com/
terraform/cli/config/config-file#provider-installation (mirrors), golang.org/x/mod/sumdb/dirhash (the `h1:` hash).
"""

import base64
import hashlib
import json
import os
import platform
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.errors import InfraError
from infra.repository import STACK, build_folder
from infra.terraform.binary import TerraformBinary

ADDRESS = "registry.terraform.io/hashicorp/aws"
LOCK_FILE = STACK / ".terraform.lock.hcl"

_START_SECONDS = 60
_THREE_WAYS = (
    "The AWS provider can come from\n"
    "  1. a plugin mirror: TF_PLUGIN_MIRROR=<folder that holds {address}/{version}/{platform}/>\n"
    "  2. an unpacked filesystem mirror in a system folder: /usr/local/share/terraform/plugins, "
    "~/.terraform.d/plugins, or a folder below /opt\n"
    "  3. the Terraform registry, when registry.terraform.io can be reached"
)


@dataclass(frozen=True)
class ProviderSource:
    """The locked provider, found.

    Args:
        origin: "TF_PLUGIN_MIRROR", "system folder" or "Terraform registry", for `make doctor`.
        mirror: the unpacked filesystem mirror that holds it.
        version: as in "5.100.0".
        folder: the unpacked package.
    """

    origin: str
    mirror: Path
    version: str
    folder: Path

    @property
    def executable(self) -> Path:
        """The provider's program in the package."""
        return next(iter(sorted(self.folder.glob("terraform-provider-aws_v*"))))


def locked_version() -> str:
    """The provider version that the committed lock file demands.

    Returns:
        As in "5.100.0".

    Raises:
        InfraError: the lock file is missing or has no entry for the AWS provider.
    """
    return _lock()[0]


def find_provider(terraform: TerraformBinary, variables: Mapping[str, str] = os.environ) -> ProviderSource:
    """The locked AWS provider: from TF_PLUGIN_MIRROR, else a system folder, else the Terraform registry.

    Args:
        terraform: downloads it where no mirror has it.
        variables: the process environment.

    Returns:
        The provider's package, checked against the lock file.

    Raises:
        InfraError: no source has it, or what was found is not what the lock file says.
    """
    version, hashes = _lock()
    found = _in_named_mirror(version, variables) or _in_system_folder(version, variables)
    if found is None:
        # Terraform itself has held the download against the lock file's sums of every platform.
        return _from_registry(terraform, version)
    _verify(found, hashes)
    return found


def write_cli_config(source: ProviderSource) -> Path:
    """A Terraform CLI configuration that knows this provider source and nothing of the person's own.

    Args:
        source: where the provider is.

    Returns:
        The file, for TF_CLI_CONFIG_FILE.
    """
    path = build_folder() / "terraform.rc"
    text = (
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f"    path    = {json.dumps(str(source.mirror))}\n"
        f'    include = ["{ADDRESS}"]\n'
        "  }\n"
        "}\n"
    )
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text(text)
        temporary.replace(path)
    return path


@contextmanager
def warm_provider(source: ProviderSource, environment: Mapping[str, str]) -> Iterator["WarmProvider"]:
    """Start one provider process; every Terraform command may attach to it until the block ends.

    Args:
        source: the checked provider package.
        environment: complete process environment; the credentials in it are those that the provider uses.

    Yields:
        The process; ask it for `reattach()` when Terraform is about to start, so that start-up overlaps other work.
    """
    # The shell between us holds the other end of a pipe: when this process ends, however it ends, `cat` sees the end
    # of the pipe, the provider is killed and the folder of its socket removed; unless a Terraform that applies has
    # inherited our end and finishes first. A session of its own keeps Ctrl-C away from it while Terraform stops.
    watchdog = (
        'export TMPDIR=$(mktemp -d); "$0" -debug & provider=$!; cat >/dev/null; '
        'kill -9 $provider 2>/dev/null; rm -rf "$TMPDIR"'
    )
    process = subprocess.Popen(
        ["/bin/sh", "-c", watchdog, str(source.executable)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(environment),
        start_new_session=True,
    )
    try:
        yield WarmProvider(process, source)
    finally:
        assert process.stdin is not None  # noqa: S101 - asked for above
        process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert process.stdout is not None  # noqa: S101 - asked for above
        process.stdout.close()


class WarmProvider:
    """A provider process that Terraform commands attach to."""

    def __init__(self, process: "subprocess.Popen[bytes]", source: ProviderSource) -> None:
        self._process = process
        self._source = source
        self._attachment: str | None = None

    @property
    def lifeline(self) -> int:
        """Descriptor of the pipe whose end ends the provider: whoever inherits it keeps the provider alive."""
        assert self._process.stdin is not None  # noqa: S101 - asked for by warm_provider
        return self._process.stdin.fileno()

    def reattach(self) -> dict[str, str]:
        """Wait until the provider listens.

        Returns:
            The environment variable that makes Terraform attach to it.

        Raises:
            InfraError: it did not start within a minute.
        """
        if self._attachment is None:
            self._attachment = self._read_attachment()
        return {"TF_REATTACH_PROVIDERS": self._attachment}

    def _read_attachment(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 - asked for by warm_provider
        deadline, said = time.monotonic() + _START_SECONDS, b""
        descriptor = self._process.stdout.fileno()
        while time.monotonic() < deadline:
            ready, _, _ = select.select([descriptor], [], [], deadline - time.monotonic())
            chunk = os.read(descriptor, 65536) if ready else b""
            if not chunk:
                break
            said += chunk
            match = re.search(rb"TF_REATTACH_PROVIDERS='(\{.*\})'", said)
            if match:
                return match.group(1).decode()
        raise InfraError(
            f"The AWS provider {self._source.executable} did not start within {_START_SECONDS} s; it said: "
            f"{said.decode(errors='replace').strip() or 'nothing'}. Is it built for this machine ({_platform()})?"
        )


def _lock() -> tuple[str, frozenset[str]]:
    if not LOCK_FILE.exists():
        raise InfraError(f"{LOCK_FILE} is missing; it is part of the repository: `git checkout -- {LOCK_FILE.name}`.")
    block = re.search(rf'provider "{re.escape(ADDRESS)}" \{{(.*?)^\}}', LOCK_FILE.read_text(), re.DOTALL | re.MULTILINE)
    version = re.search(r'^\s*version\s*=\s*"([^"]+)"', block.group(1), re.MULTILINE) if block else None
    if not block or not version:
        raise InfraError(f"{LOCK_FILE} has no entry for {ADDRESS}; restore it from git.")
    return version.group(1), frozenset(re.findall(r'"(h1:[^"]+)"', block.group(1)))


def _platform() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    return f"{sys.platform}_{machine}"


def _three_ways(version: str) -> str:
    return _THREE_WAYS.format(address=ADDRESS, version=version, platform=_platform())


def _package(mirror: Path, version: str) -> Path | None:
    folder = mirror / ADDRESS / version / _platform()
    return folder if any(folder.glob("terraform-provider-aws_v*")) else None


def _in_named_mirror(version: str, variables: Mapping[str, str]) -> ProviderSource | None:
    named = variables.get("TF_PLUGIN_MIRROR")
    if not named:
        return None
    mirror = Path(named).absolute()
    folder = _package(mirror, version)
    if folder is None:
        there = sorted(path.name for path in (mirror / ADDRESS).glob("*")) if mirror.is_dir() else []
        raise InfraError(
            f"TF_PLUGIN_MIRROR={named} has no {ADDRESS} {version} for {_platform()} "
            f"(it has {', '.join(there) or 'no version of it'}).\n{_three_ways(version)}"
        )
    return ProviderSource("TF_PLUGIN_MIRROR", mirror, version, folder)


def _in_system_folder(version: str, variables: Mapping[str, str]) -> ProviderSource | None:
    home = Path(variables.get("HOME", "/nonexistent"))
    data = [Path(variables.get("XDG_DATA_HOME") or home / ".local/share")]
    data += [
        Path(part) for part in (variables.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":") if part
    ]
    folders = [home / ".terraform.d/plugins", *(folder / "terraform/plugins" for folder in data)]
    folders += [
        home / "Library/Application Support/io.terraform/plugins",
        Path("/Library/Application Support/io.terraform/plugins"),
    ]
    folders += sorted(path.parent for path in Path("/opt").glob("*/registry.terraform.io"))
    for mirror in folders:
        folder = _package(mirror, version)
        if folder:
            return ProviderSource("system folder", mirror, version, folder)
    return None


def _from_registry(terraform: TerraformBinary, version: str) -> ProviderSource:
    """Let Terraform download the locked provider once into a cache that has the layout of a mirror."""
    mirror = build_folder() / "plugins"
    if _package(mirror, version) is None:
        root = build_folder() / "provider-download"
        root.mkdir(parents=True, exist_ok=True)
        mirror.mkdir(parents=True, exist_ok=True)
        requirement = {"source": "hashicorp/aws", "version": version}
        (root / "versions.tf.json").write_text(json.dumps({"terraform": {"required_providers": {"aws": requirement}}}))
        (root / LOCK_FILE.name).write_bytes(LOCK_FILE.read_bytes())
        config = root / "terraform.rc"
        config.write_text(f"disable_checkpoint = true\nplugin_cache_dir = {json.dumps(str(mirror))}\n")
        result = subprocess.run(
            [str(terraform.path), f"-chdir={root}", "init", "-input=false", "-no-color", "-lockfile=readonly"],
            env={**os.environ, "TF_CLI_CONFIG_FILE": str(config), "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0 or _package(mirror, version) is None:
            reason = " ".join(re.sub(r"[╷│╵]", " ", result.stderr or result.stdout).split())
            raise InfraError(f"No AWS provider {version} for {_platform()}: {reason}\n{_three_ways(version)}")
    folder = _package(mirror, version)
    assert folder is not None  # noqa: S101 - looked for just above
    return ProviderSource("Terraform registry", mirror, version, folder)


def _verify(source: ProviderSource, hashes: frozenset[str]) -> None:
    """Hold the unpacked package against the lock file's `h1:` hashes, once for each state of its files on disk."""
    files = sorted(path for path in source.folder.rglob("*") if path.is_file())
    state = [(str(path), path.stat().st_size, path.stat().st_mtime_ns, path.stat().st_ino) for path in files]
    fingerprint = hashlib.sha256(json.dumps([state, sorted(hashes)]).encode()).hexdigest()
    stamp = build_folder() / "provider-verified"
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    lines = "".join(f"{_sha256(path)}  {path.relative_to(source.folder).as_posix()}\n" for path in files)
    found = "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()
    if found not in hashes:
        raise InfraError(
            f"The AWS provider in {source.folder} ({source.origin}) is not the one that .terraform.lock.hcl locks: "
            f"its hash is {found}, expected one of {', '.join(sorted(hashes))}. Do not use it; get version "
            f"{source.version} anew.\n{_three_ways(source.version)}"
        )
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(fingerprint)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
