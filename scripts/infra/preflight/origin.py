"""From an address to the lines of Terraform that made the resource what it is."""

import re
from dataclasses import dataclass

from infra.preflight.places import Block, block_of, entry_of
from infra.repository import ROOT, STACK
from infra.review.reports.sources import Place

_MODULE_STEP = re.compile(r'module\.([\w-]+)(?:\["([^"]+)"\]|\[\d+\])?')
_RESOURCE = re.compile(r'((?!module\.)[\w-]+\.[\w-]+)(?:\["([^"]+)"\]|\[\d+\])?')
_FOR_EACH_VARIABLE = re.compile(r"^\s*for_each\s*=\s*var\.(\w+)", re.MULTILINE)
_SOURCE = re.compile(r'^\s*source\s*=\s*"(\.\.?/[^"]+)"', re.MULTILINE)
_PLAIN_NAMES = {
    "aws_iam_role_policy": "role policy",
    "aws_lb": "load balancer",
    "aws_lb_listener": "listener",
    "aws_lb_listener_rule": "listener rule",
    "aws_lb_target_group": "target group",
    "aws_s3_bucket": "bucket",
    "aws_service_discovery_service": "discovery service",
    "aws_vpc_security_group_egress_rule": "egress rule",
    "aws_vpc_security_group_ingress_rule": "ingress rule",
}


@dataclass(frozen=True)
class Origin:
    """Where a resource comes from.

    Args:
        address: in the state, as in `module.alb_rules.aws_lb_listener_rule.this["registry"]`.
        block: its block, or the line of the attribute in it.
        module: folder of the module that it is in, as in "modules/alb-rules"; the root's for the stack's own.
        calls: what decides about this one in the root: the module's call, and the entry under its key.
    """

    address: str
    block: Place
    module: str
    calls: tuple[Place, ...] = ()

    @property
    def name(self) -> str:
        """The key that tells it from its siblings; the label where there is none."""
        label = self._label[1]
        keys = re.findall(r'\["([^"]+)"\]', self.address)[-1:]
        return f'{label}["{keys[0]}"]' if keys and label != "this" else keys[0] if keys else label

    @property
    def described(self) -> str:
        """As people say it: "listener rule `registry` (modules/alb-rules)"."""
        kind = self._label[0]
        words = _PLAIN_NAMES.get(kind, kind.removeprefix("aws_").replace("_", " "))
        return f"{words} `{self.name}` ({self.module})"

    @property
    def _label(self) -> tuple[str, str]:
        kind, _, label = re.sub(r"\[[^\]]*\]", "", self.address).rpartition(".")
        return kind.rpartition(".")[2], label

    @property
    def places(self) -> str:
        """All lines, the deciding one first."""
        return ", ".join(f"{place.file}:{place.line}" for place in (*reversed(self.calls), self.block))


def origin_of(address: str, attribute: str = "") -> Origin | None:
    """Where the resource at an address comes from.

    Args:
        address: in the state or in a plan.
        attribute: what of it matters, as Terraform names it.

    Returns:
        The origin; None when its block is not in the configuration.
    """
    folder, position = STACK, 0
    call: Block | None = None
    calls: list[Place] = []
    while step := _MODULE_STEP.match(address, position):
        position = step.end() + 1
        inner = block_of(folder, f"module.{step[1]}")
        source = _SOURCE.search(inner.text) if inner else None
        if inner is None or source is None:
            return None
        if call is None:
            call = inner
            calls.append(call.place)
            calls += entry_of(call, "for_each", step[2]) if step[2] else []
        folder = (folder / source[1]).resolve()
    resource = _RESOURCE.match(address, position)
    block = block_of(folder, resource[1]) if resource else None
    if block is None or resource is None:
        return None
    if call and resource[2]:
        variable = _FOR_EACH_VARIABLE.search(block.text)
        calls += entry_of(call, variable[1] if variable else "", resource[2])
    return Origin(address, block.line_of(attribute), folder.relative_to(ROOT).as_posix(), tuple(calls))
