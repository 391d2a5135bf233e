"""What an environment takes over: import blocks in environments/<env>/adopt.hcl, and a root that has them.

All environments have the same root. What exists already differs between them, so each may have a file of import blocks:
addresses and ids, nothing else, which this reader sees to. Planning takes a copy of the root with that file in it.
An emulated account holds other objects than AWS: what is taken over there stands in the build folder, and ends with it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from infra.environment import Environment
from infra.errors import InfraError
from infra.repository import STACK
from infra.terraform.root_copy import copy_root

# Address -> id of the object in the account.
Adoptions = Mapping[str, str]

_HEAD = """# Written by `make adopt`: what exists already and Terraform takes over with the next apply. Afterwards
# `make adopt` removes what is done. Import blocks alone may stand here: environments differ in values, never in code.
"""
_KEYED = re.compile(r'(?P<resource>.+)\[(?P<key>"(?:[^"\\]|\\.)*")\]')
_STRING = r'"(?:[^"\\]|\\.)*"'
_ADDRESS = r'[A-Za-z_][\w.-]*(?:\[(?:"(?:[^"\\]|\\.)*"|\d+)\][\w.-]*)*'
_ONE = re.compile(rf"import {{\n  to = (?P<to>{_ADDRESS})\n  id = (?P<id>{_STRING})\n}}\n")
_SEVERAL = re.compile(
    rf"import {{\n  for_each = {{\n(?P<pairs>(?:    {_STRING} = {_STRING}\n)+)  }}\n\n"
    rf"  to = (?P<to>{_ADDRESS})\[each\.key\]\n  id = each\.value\n}}\n"
)
_PAIR = re.compile(rf"    (?P<key>{_STRING}) = (?P<id>{_STRING})\n")


def adoption_file(environment: Environment, instance: str) -> Path:
    """Where the import blocks of an environment are.

    Args:
        environment: whose.
        instance: of the emulated account; "" for AWS.
    """
    return environment.build / f"adopt.{instance}.hcl" if instance else environment.folder / "adopt.hcl"


def adopting_root(environment: Environment) -> Path:
    """The copy of the stack that the environment is planned with while it takes something over.

    Args:
        environment: whose.

    Returns:
        A folder below build/; it may not be there.
    """
    return environment.build / "adopting" / "environments" / STACK.name


def stack_root(environment: Environment, instance: str) -> Path:
    """The root to plan and apply an environment with.

    Args:
        environment: whose.
        instance: of the emulated account; "" for AWS.

    Returns:
        The stack; where the environment takes something over, a copy of it with the import blocks.

    Raises:
        InfraError: its file is not one of import blocks.
    """
    adoptions = read_adoptions(adoption_file(environment, instance))
    return root_with(environment, adoptions) if adoptions else STACK


def root_with(environment: Environment, adoptions: Adoptions) -> Path:
    """A copy of the stack with import blocks.

    Args:
        environment: whose.
        adoptions: what to import.

    Returns:
        `adopting_root`. What Terraform left in it, a state that it could not save, stays there.
    """
    folder = adopting_root(environment)
    for old in folder.glob("*.tf"):
        old.unlink()
    copy_root(STACK, environment.build / "adopting")
    (folder / "adopt.tf").write_text(written(adoptions))
    return folder


def read_adoptions(path: Path) -> dict[str, str]:
    """Read the import blocks of an environment.

    Args:
        path: the file; it may not be there.

    Returns:
        Address -> id.

    Raises:
        InfraError: something else than import blocks stands in it, or an address twice.
    """
    if not path.is_file():
        return {}
    text = "".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("#"))
    found: dict[str, str] = {}
    for address, identity in _parsed(text, path):
        if address in found:
            raise InfraError(f"{_shown(path)} imports {address} twice: remove one.")
        found[address] = identity
    return found


def write_adoptions(path: Path, adoptions: Adoptions) -> None:
    """Write the import blocks of an environment, or remove the file where there is nothing to take over.

    Args:
        path: the file.
        adoptions: address -> id.
    """
    if not adoptions:
        path.unlink(missing_ok=True)
        return
    partial = path.with_suffix(".partial")
    partial.write_text(written(adoptions))
    partial.replace(path)


def written(adoptions: Adoptions) -> str:
    """Import blocks as text.

    Args:
        adoptions: address -> id.

    Returns:
        HCL as `terraform fmt` leaves it: a block for each resource, with `for_each` where it has several instances.
    """
    blocks = []
    for resource, members in groupby(sorted(adoptions.items(), key=_order), key=lambda each: _resource(each[0])[0]):
        several = list(members)
        if len(several) > 1:
            width = max(len(_resource(address)[1]) for address, _ in several)
            pairs = "".join(
                f"    {_resource(address)[1].ljust(width)} = {_quoted(identity)}\n" for address, identity in several
            )
            blocks.append(
                f"import {{\n  for_each = {{\n{pairs}  }}\n\n  to = {resource}[each.key]\n  id = each.value\n}}\n"
            )
        else:
            blocks += [
                f"import {{\n  to = {address}\n  id = {_quoted(identity)}\n}}\n" for address, identity in several
            ]
    return "\n".join([_HEAD, *blocks])


def _order(item: tuple[str, str]) -> tuple[str, str]:
    return _resource(item[0])


def _resource(address: str) -> tuple[str, str]:
    """The resource of an instance and the instance's key in quotes; of one without such a key itself and ""."""
    keyed = _KEYED.fullmatch(address)
    return (keyed["resource"], keyed["key"]) if keyed else (address, "")


def _parsed(text: str, path: Path) -> Iterator[tuple[str, str]]:
    # Aligned by `terraform fmt`, which nobody needs to read it.
    rest = re.sub(rf"(?m)^(    {_STRING}) += ", r"\1 = ", text).lstrip("\n")
    while rest:
        one, several = _ONE.match(rest), _SEVERAL.match(rest)
        block = one or several
        if block is None:
            raise InfraError(
                f"{_shown(path)} may hold import blocks with an address and an id, and nothing else. This is neither:\n"
                f"{rest.partition(chr(10))[0]}\nTake it out."
            )
        if one:
            yield one["to"], _plain(one["id"])
        elif several:
            for pair in _PAIR.finditer(several["pairs"]):
                yield f"{several['to']}[{pair['key']}]", _plain(pair["id"])
        rest = rest[block.end() :].lstrip("\n")


def _quoted(text: str) -> str:
    # Not a template: in HCL `${` and `%{` would be.
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def _plain(quoted: str) -> str:
    try:
        return str(json.loads(quoted.replace("$${", "${").replace("%%{", "%{")))
    except ValueError as error:
        raise InfraError(f"{quoted} is no string that an import block takes: {error}") from error


def _shown(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
