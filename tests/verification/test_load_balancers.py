"""Which load balancer serves a host, from what the account says."""

import pytest

from infra.verification.load_balancers import Balancer, serves
from infra.verification.steps import CheckFailed

HOST, OTHER = "registry.x.hokus.ai", "auth.x.hokus.ai"


def balancer(name: str, *hosts: str) -> Balancer:
    return Balancer(f"arn:{name}", name, f"{name}.elb.amazonaws.com", frozenset(hosts))


REGISTRY, AUTH, EDGE = balancer("registry", HOST), balancer("auth", OTHER), balancer("edge", HOST, OTHER)


def test_the_record_leads_to_the_one_with_the_rules() -> None:
    assert serves(HOST, REGISTRY.dns_name, [REGISTRY, AUTH]) is REGISTRY
    assert serves(OTHER, EDGE.dns_name, [EDGE]) is EDGE


@pytest.mark.parametrize(
    ("alias", "there", "says"),
    [
        ("", [REGISTRY], "no alias record for registry.x.hokus.ai"),
        ("gone.elb.amazonaws.com", [REGISTRY], "no load balancer of this account"),
        (AUTH.dns_name, [REGISTRY, AUTH], "auth, which has no rule for it; its rules are at registry"),
        (AUTH.dns_name, [AUTH], "its rules are at nowhere"),
        (REGISTRY.dns_name, [REGISTRY, EDGE], "served by registry, but edge has rules for it, too"),
    ],
)
def test_anything_else_is_named(alias: str, there: list[Balancer], says: str) -> None:
    with pytest.raises(CheckFailed, match=says):
        serves(HOST, alias, there)
