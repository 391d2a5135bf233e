"""tflint at the version this repository is linted with: from PATH, or built once with Go."""

import os
import shutil
import subprocess
from pathlib import Path

from infra.console import progress
from infra.errors import InfraError
from infra.repository import ENVIRONMENTS, MODULES, ROOT, build_folder

VERSION = "0.64.0"


def find_tflint() -> Path | None:
    """The installed tflint.

    Returns:
        The one built here, else the one on PATH, else None.
    """
    built = build_folder() / "tools" / "bin" / "tflint"
    on_path = shutil.which("tflint")
    return built if built.exists() else Path(on_path) if on_path else None


def lint() -> None:
    """Run tflint over every module, example and root.

    Raises:
        InfraError: tflint found something, or could not be had.
    """
    tflint = find_tflint() or _build()
    folders = sorted({path.parent for folder in (MODULES, ENVIRONMENTS) for path in folder.rglob("*.tf")})
    found = []
    with progress(f"tflint over {len(folders)} folders"):
        for folder in folders:
            if ".terraform" in folder.parts:
                continue
            # An example declares the provider that only the module uses, and its outputs explain themselves: it is what
            # a person copies.
            rules = ("terraform_unused_required_providers", "terraform_documented_outputs")
            options = [f"--disable-rule={rule}" for rule in rules] if "examples" in folder.parts else []
            result = subprocess.run(
                [str(tflint), f"--config={ROOT / '.tflint.hcl'}", "--no-color", f"--chdir={folder}", *options],
                capture_output=True,
                text=True,
                check=False,
            )
            if result.returncode != 0:
                found.append(f"{folder.relative_to(ROOT)}:\n{(result.stdout + result.stderr).strip()}")
    if found:
        raise InfraError("tflint found problems.\n" + "\n".join(found))


def _build() -> Path:
    go = shutil.which("go")
    how = f"Install tflint {VERSION} (https://github.com/terraform-linters/tflint) or Go, which builds it."
    if not go:
        raise InfraError(f"tflint is not installed, and there is no Go to build it. {how}")
    folder = build_folder() / "tools" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    with progress(f"building tflint {VERSION} (once, two to three minutes)"):
        result = subprocess.run(
            [go, "install", f"github.com/terraform-linters/tflint@v{VERSION}"],
            env={**os.environ, "GOBIN": str(folder), "GOFLAGS": "-trimpath"},
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode != 0:
        raise InfraError(f"Building tflint failed:\n{result.stderr.strip()}\n{how}")
    return folder / "tflint"
