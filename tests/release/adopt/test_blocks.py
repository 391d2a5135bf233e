"""Import blocks as text: what is written is read again, and nothing else is taken."""

import subprocess
from pathlib import Path

import pytest

from infra.environment import load_environment
from infra.errors import InfraError
from infra.repository import STACK
from infra.terraform.adoptions import (
    adopting_root,
    adoption_file,
    read_adoptions,
    stack_root,
    write_adoptions,
    written,
)
from infra.terraform.binary import find_terraform

ADOPTIONS = {
    "aws_x.y": 'an "id" with \\ and ${x} and %{y}',
    'module.a["k"].aws_lb.this': "arn:1",
    'module.b["k"].aws_lb.this': "arn:2",
    "module.c.aws_s3_bucket.this[0]": "bucket",
    'module.n.aws_subnet.private["a"]': "subnet-1",
    'module.n.aws_subnet.private["long key"]': "subnet-2",
    'module.t["a.b[0]"].aws_x.y["only"]': "single",
}


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "production" / "adopt.hcl"
    path.parent.mkdir()
    path.write_text(text)
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = file(tmp_path, "")
    write_adoptions(path, ADOPTIONS)
    assert read_adoptions(path) == ADOPTIONS
    assert list(path.parent.iterdir()) == [path]
    write_adoptions(path, {})
    assert not path.exists()
    assert read_adoptions(path) == {}


def test_it_is_hcl_in_terraforms_own_format(tmp_path: Path) -> None:
    path = tmp_path / "adopt.tf"
    path.write_text(written(ADOPTIONS))
    terraform = str(find_terraform().path)
    done = subprocess.run([terraform, "fmt", "-check", "-diff", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert path.read_text().count("for_each") == 1
    assert "to = module.n.aws_subnet.private[each.key]" in path.read_text()


@pytest.mark.parametrize(
    "text",
    [
        'resource "aws_iam_role" "mine" {\n}\n',
        'import {\n  to = aws_x.y\n  id = "a"\n}\n\nlocals {\n}\n',
        "import {\n  to = aws_x.y\n  id = var.secret\n}\n",
        'import {\n  to = aws_x.y\n  id = "a"\n  provider = aws.other\n}\n',
        'import {\n  for_each = toset(["a"])\n\n  to = aws_x.y[each.key]\n  id = each.value\n}\n',
        "something",
    ],
)
def test_nothing_but_import_blocks_is_taken(tmp_path: Path, text: str) -> None:
    """Environments differ in values, never in code."""
    with pytest.raises(InfraError, match=r"production/adopt.hcl may hold import blocks"):
        read_adoptions(file(tmp_path, text))


def test_an_address_is_imported_once(tmp_path: Path) -> None:
    block = 'import {\n  to = aws_x.y\n  id = "a"\n}\n'
    with pytest.raises(InfraError, match=r"imports aws_x\.y twice"):
        read_adoptions(file(tmp_path, block + block))


def test_the_root_is_the_stack_or_a_copy_with_the_blocks(build_folder: Path) -> None:
    environment = load_environment("development")
    environment.build.mkdir(parents=True)
    assert stack_root(environment, "one") == STACK
    write_adoptions(adoption_file(environment, "one"), ADOPTIONS)
    root = stack_root(environment, "one")
    assert root == adopting_root(environment)
    assert (root / "adopt.tf").read_text() == written(ADOPTIONS)
    assert {path.name for path in root.glob("*.tf")} == {path.name for path in STACK.glob("*.tf")} | {"adopt.tf"}
    # A state that Terraform could not save is not lost by the next plan.
    (root / "errored.tfstate").write_text("{}")
    (root / "removed.tf").write_text("")
    stack_root(environment, "one")
    assert (root / "errored.tfstate").exists()
    assert not (root / "removed.tf").exists()
    assert stack_root(environment, "another account") == STACK
    assert adoption_file(environment, "").parent == environment.folder
