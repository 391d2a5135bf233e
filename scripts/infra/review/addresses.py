"""Taking Terraform's addresses apart; a key may hold dots, brackets and quotes."""

import re

_KEY = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]')
_MODULE = re.compile(rf"module\.([^.\[]+(?:{_KEY.pattern})?)")


def without_keys(address: str) -> str:
    """An address as the configuration knows it.

    Args:
        address: as in `module.edge["a"].aws_lb.this[0]`.

    Returns:
        As in `module.edge.aws_lb.this`.
    """
    return _KEY.sub("", address) if "[" in address else address


def first_module(address: str) -> str:
    """The module, as the root calls it, that something is in.

    Args:
        address: absolute address of a module or a resource.

    Returns:
        As in `edge["a"]`; "" for what is in the root itself.
    """
    found = _MODULE.match(address)
    return found[1] if found else ""
