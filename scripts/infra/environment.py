"""An environment: a folder below environments/ with the variables and the state backend that are its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import hcl2
from lark.exceptions import LarkError, UnexpectedInput

from infra.errors import InfraError
from infra.repository import BOOTSTRAP, ENVIRONMENTS, STACK, build_folder

_ROOTS = {STACK.name, BOOTSTRAP.name}
_AS_PLAIN_VALUES = hcl2.SerializationOptions(strip_string_quotes=True, with_comments=False, explicit_blocks=False)


@dataclass(frozen=True)
class Environment:
    """One environment, as far as the tooling needs to know it; Terraform judges the rest.

    Args:
        name: name of its folder, as in "production".
        account_id: the one AWS account it may be applied to, twelve digits.
        region: AWS region.
        domain: public DNS domain that its host names are below.
        variables: everything in its variable files, the later files on top.
    """

    name: str
    account_id: str
    region: str
    domain: str
    variables: Mapping[str, Any] = field(repr=False)

    @property
    def folder(self) -> Path:
        """Where its files are in the repository."""
        return ENVIRONMENTS / self.name

    @property
    def variable_files(self) -> list[Path]:
        """The files that Terraform gets, in the order in which later ones win."""
        return _variable_files(self.folder)

    @property
    def backend_config(self) -> Path:
        """Settings of the S3 state backend."""
        return self.folder / "backend.hcl"

    @property
    def build(self) -> Path:
        """What is made while working on it: saved plan, account, Terraform's working folder."""
        return build_folder() / self.name


def environment_names() -> list[str]:
    """The environments that this repository has.

    Returns:
        Sorted names: every folder below environments/ that is no root module.
    """
    return sorted(path.name for path in ENVIRONMENTS.iterdir() if path.is_dir() and path.name not in _ROOTS)


def load_environment(name: str) -> Environment:
    """Read an environment's files.

    Args:
        name: as given with ENV=.

    Returns:
        The environment.

    Raises:
        InfraError: there is no such environment, a file of it is missing or is no HCL, or one of the values that the
            tooling itself needs is not there.
    """
    if name not in environment_names():
        known = ", ".join(environment_names())
        given = f"ENV={name} is no environment" if name else "ENV is not set"
        raise InfraError(
            f"{given}. Say one of: {known} (e.g. `make plan ENV={environment_names()[0]}`). "
            "A new one is a folder environments/<name>/ with terraform.tfvars, images.tfvars and backend.hcl."
        )
    folder = ENVIRONMENTS / name
    needed = [*_variable_files(folder), folder / "backend.hcl"]
    missing = [str(path.relative_to(ENVIRONMENTS.parent)) for path in needed if not path.is_file()]
    if missing:
        raise InfraError(
            f"Environment {name} is not complete: {', '.join(missing)} missing. "
            f"Copy it from another environment, or restore it: `git checkout -- environments/{name}`."
        )
    variables: dict[str, Any] = {}
    for path in _variable_files(folder):
        variables |= _read(path)
    return Environment(
        name=name,
        account_id=_text(variables, "account_id", folder),
        region=_text(variables, "region", folder),
        domain=_text(variables, "domain", folder),
        variables=variables,
    )


def _variable_files(folder: Path) -> list[Path]:
    return [ENVIRONMENTS / "common.tfvars", folder / "terraform.tfvars", folder / "images.tfvars"]


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open() as file:
            return dict(_load(file))
    except UnexpectedInput as error:
        shown = path.relative_to(ENVIRONMENTS.parent)
        raise InfraError(
            f"{shown}:{error.line}:{error.column} is not valid HCL:\n"
            f"{error.get_context(path.read_text()).rstrip()}\nMend that line, then run the command again."
        ) from error
    except (LarkError, UnicodeDecodeError) as error:
        raise InfraError(f"{path.relative_to(ENVIRONMENTS.parent)} is not valid HCL: {error}") from error


def _load(file: TextIO) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = hcl2.load(file, serialization_options=_AS_PLAIN_VALUES)
    return loaded


def _text(variables: Mapping[str, Any], name: str, folder: Path) -> str:
    value = variables.get(name)
    if not isinstance(value, str) or not value:
        where = f"environments/{folder.name}/terraform.tfvars or environments/common.tfvars"
        raise InfraError(f'{name} must be a string in {where}, e.g. {name} = "...", but is {value!r}.')
    return value
