"""The parts of what Terraform owns, whoever made them: rules of a listener, policies of a role, services of a cluster.

Nobody tags such a thing, and Terraform looks only at the parts that it made itself.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from infra.release.drift.owned import Owned
from infra.release.drift.parts_of_network import of_route_table, of_security_group, of_vpc
from infra.release.drift.parts_of_services import of_cluster, of_load_balancer, of_namespace, of_role
from infra.release.drift.reader import Reader
from infra.release.drift.seen import Parent, Seen

Parents = Mapping[str, list[Parent]]

# Type -> the attribute by which its parts are listed, and what lists them.
_LISTERS: Final[Mapping[str, tuple[str, Callable[[Reader, Parent, Owned], Iterator[Seen]]]]] = {
    "aws_ecs_cluster": ("name", of_cluster),
    "aws_iam_role": ("name", of_role),
    "aws_lb": ("arn", of_load_balancer),
    "aws_route_table": ("id", of_route_table),
    "aws_security_group": ("id", of_security_group),
    "aws_service_discovery_private_dns_namespace": ("id", of_namespace),
    "aws_vpc": ("id", of_vpc),
}

PARENTS: Final[Mapping[str, str]] = {kind: attribute for kind, (attribute, _) in _LISTERS.items()}


def parents_in(owned: Owned) -> Parents:
    """What the stack's state holds that has parts.

    Args:
        owned: the states.

    Returns:
        The parents by type.
    """
    return {
        kind: [Parent(held[attribute], held.address) for held in owned.of_type(kind) if held[attribute]]
        for kind, attribute in PARENTS.items()
    }


def parts(reader: Reader, parents: Parents, owned: Owned) -> list[Seen]:
    """List the parts.

    Args:
        reader: asks the account.
        parents: of what.
        owned: for the addresses of parts that have parts themselves.

    Returns:
        The parts, owned ones too.

    Raises:
        InfraError: a call was denied or not answered.
    """
    return [
        seen
        for kind, (_, lister) in _LISTERS.items()
        for parent in parents.get(kind, [])
        for seen in lister(reader, parent, owned)
    ]
