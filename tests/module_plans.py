"""Planning a single module, or an example of it, with tftest."""

import json
import shutil
import tempfile
from pathlib import Path
from unittest import mock

import tftest

from infra.repository import MODULES
from infra.terraform.plan_json import Plan
from tests.resident_terraform import ResidentTerraform, error_text


class ModulePlans:
    """Real `terraform plan` of modules; identical calls are planned once.

    tftest works on a copy of modules/: its clean-up deletes lock files, and Terraform writes beside the code.
    """

    def __init__(self, terraform: ResidentTerraform, folder: Path) -> None:
        self._terraform = terraform
        self._modules = folder / "modules"
        self._values = folder / "values.tfvars.json"
        self._roots: dict[Path, tftest.TerraformTest] = {}
        self._plans: dict[str, Plan] = {}
        shutil.copytree(MODULES, self._modules, ignore=shutil.ignore_patterns(".terraform*"))
        self._private = str(folder)

    def __call__(self, module: str, variables: dict[str, object], *, root: str | None = None) -> Plan:
        """Plan a module.

        Args:
            module: folder below modules/.
            variables: values of its variables.
            root: a folder below the module to plan instead, as in "examples/basic".

        Returns:
            The plan.
        """
        key = json.dumps([module, root, variables], sort_keys=True)
        if key not in self._plans:
            self._plans[key] = Plan(dict(self._run(module, root, variables)))
        return self._plans[key]

    def refusal(self, module: str, variables: dict[str, object], *, root: str | None = None) -> str:
        """Plan a module that must refuse its variables.

        Args:
            module: folder below modules/.
            variables: values of its variables.
            root: a folder below the module to plan instead.

        Returns:
            Terraform's error on one line, without the box around it.
        """
        try:
            self._run(module, root, variables)
        except tftest.TerraformTestError as error:
            return error_text(error)
        raise AssertionError(f"{module} accepted {json.dumps(variables)}")

    def _run(self, module: str, root: str | None, variables: dict[str, object]) -> tftest.TerraformPlanOutput:
        folder = self._modules / module / (root or ".")
        # A value a line: with an error Terraform prints the line that it is about, and tftest does not read stderr
        # while it waits, so a long line of values would fill the pipe and hang both.
        self._values.write_text(json.dumps(variables, indent=1))
        # tftest leaves its plan file in the temporary folder, readable by everybody: it goes into a private one.
        with mock.patch.object(tempfile, "tempdir", self._private):
            return self._root(folder.resolve()).plan(output=True, color=False, tf_var_file=str(self._values))

    def _root(self, folder: Path) -> tftest.TerraformTest:
        if folder not in self._roots:
            self._roots[folder] = self._terraform.root(folder)
        return self._roots[folder]
