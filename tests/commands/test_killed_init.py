"""A `terraform init` that was killed leaves a working folder that no later one would get past."""

import os
from pathlib import Path

import pytest

from infra.terraform.runner import Terraform, clean_environment
from infra.terraform.session import find_tools


@pytest.mark.parametrize("left", ["", '{"version": 4, "ba'])
@pytest.mark.parametrize("name", ["terraform.tfstate", "modules/modules.json"])
def test_what_a_killed_init_left_half_written(tmp_path: Path, name: str, left: str) -> None:
    (tmp_path / "root" / "inner").mkdir(parents=True)
    (tmp_path / "root" / "main.tf").write_text(
        'terraform {\n  backend "local" {}\n}\n\nmodule "inner" {\n  source = "./inner"\n}\n'
    )
    (tmp_path / "root" / "inner" / "main.tf").write_text('output "one" {\n  value = 1\n}\n')
    executable = find_tools().terraform.path
    root = Terraform(executable, tmp_path / "root", tmp_path / "data", clean_environment(os.environ))
    root.init()
    written = (tmp_path / "data" / name).read_text()
    (tmp_path / "data" / name).write_text(left)
    root.init()
    assert (tmp_path / "data" / name).read_text() == written
