"""docs/testing-your-stack.md: what it shows is run as it stands there."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from infra.account.emulated import EmulatedAccount
from infra.repository import MODULES, ROOT, build_folder
from infra.terraform.provider import write_cli_config
from infra.terraform.runner import clean_environment
from infra.terraform.session import Tools

_DOCUMENT = ROOT / "docs/testing-your-stack.md"
_CONFTEST = """
    import os

    import pytest


    @pytest.fixture
    def stack():
        return os.environ["STACK"]
"""
_PROVIDER = """
    provider "aws" {
      region              = "us-east-1"
      allowed_account_ids = ["123456789012"]

      default_tags {
        tags = { Environment = "staging" }
      }
    }
"""


@pytest.mark.long
def test_the_documented_test_and_the_policies_judge_a_users_stack(
    account: EmulatedAccount, tools: Tools, tmp_path: Path
) -> None:
    """The page's test passes on a user's stack and fails on a worse one; the documented command judges its plan."""
    shutil.copytree(MODULES, tmp_path / "modules", ignore=shutil.ignore_patterns(".terraform*"))
    stack = tmp_path / "modules/artifact-bucket/examples/basic"
    (stack / "provider.tf").write_text(textwrap.dedent(_PROVIDER))
    [code] = re.findall(r"```python\n(.*?)```", _DOCUMENT.read_text(), re.DOTALL)
    (tmp_path / "conftest.py").write_text(textwrap.dedent(_CONFTEST))
    (tmp_path / "test_stack.py").write_text(code)
    environment = clean_environment(account.environment(os.environ)) | {
        "TF_CLI_CONFIG_FILE": str(write_cli_config(tools.provider)),
        "PATH": f"{Path(tools.terraform.path).parent}:{os.environ['PATH']}",
        "STACK": str(stack),
        "TMPDIR": str(tmp_path),
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    passed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "1 passed" in passed.stdout

    terraform = [str(tools.terraform.path), f"-chdir={stack}"]
    for arguments in (["init", "-input=false"], ["plan", "-input=false", "-out=plan.tfplan"]):
        ran = subprocess.run([*terraform, *arguments], env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
    shown = subprocess.run(
        [*terraform, "show", "-json", "plan.tfplan"], env=environment, capture_output=True, check=True
    )
    (tmp_path / "plan.json").write_bytes(shown.stdout)
    judged = subprocess.run(
        [sys.executable, "-m", "infra.policies", str(tmp_path / "plan.json"), "--configuration", str(stack)],
        env={**os.environ, "INFRA_BUILD": str(build_folder())},
        capture_output=True,
        text=True,
        check=False,
    )
    print(judged.stdout, judged.stderr)
    assert "own policies" in judged.stdout
    # Without a .checkov.yaml every check counts, also those that are a matter of choice; nothing else is found.
    found = {line.split()[1] for line in judged.stdout.splitlines() if re.match(r"[A-Z]+ (CKV|HOK)", line)}
    assert not {rule for rule in found if rule.startswith("HOK")}
    assert "CKV_AWS_144" in found
    assert judged.returncode == 1

    versioning = tmp_path / "modules/guarded-bucket/bucket.tf"
    versioning.write_text(versioning.read_text().replace('status = "Enabled"', 'status = "Suspended"'))
    failed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "Suspended" in failed.stdout
