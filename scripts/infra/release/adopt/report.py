"""What `make adopt` prints."""

from infra.console import say
from infra.release.adopt.adopt import Adoption
from infra.release.drift.unowned import noun
from infra.review.reports.text import line
from infra.review.reports.words import how_many

# What a person reads on a screen; make drift lists everything.
_SHOWN = 60
_CHANGES = 8

_IN_ITS_VPC = "it stays in its VPC: set network in terraform.tfvars to that one"
# Type -> what to do where it would be replaced.
_REMEDIES = {
    "aws_db_instance": (
        "say in terraform.tfvars what it was made with, which RDS never changes: database.inherited "
        "(docs/migrating-the-first-version.md)"
    ),
    "aws_ecs_service": (
        "give it a capacity provider strategy by hand first (`aws ecs update-service`, "
        "docs/migrating-the-first-version.md), or delete it when its successor may take over"
    ),
    "aws_service_discovery_private_dns_namespace": _IN_ITS_VPC,
    "aws_lb": _IN_ITS_VPC,
}
_OTHERWISE = "write into the configuration what it is, or move what uses it and remove it by hand before the next apply"
# Type -> where it belongs in the configuration.
_PLACES = {
    "aws_lb_listener_rule": "listener_rules in environments/stack/edge.tf",
    "aws_vpc_security_group_egress_rule": "_connections in environments/stack/network.tf",
    "aws_vpc_security_group_ingress_rule": "_connections in environments/stack/network.tf",
}


def print_adoption(found: Adoption, file: str) -> None:
    """Print what was found out.

    Args:
        found: it.
        file: where the import blocks are, for people.
    """
    for address in found.done:
        say(f"  done      {line(address)}: its block was removed")
    for each in found.taken:
        more = f" and {len(each.changes) - _CHANGES} more" if len(each.changes) > _CHANGES else ""
        changes = f"changes {', '.join(each.changes[:_CHANGES])}{more}" if each.changes else "changes nothing"
        say(f"  take over {line(each.address)} <- {line(each.import_id)}: {line(changes)}")
    for address in found.unclear:
        say(f"  UNCLEAR   {line(address, 600)}: write the block by hand", style="yellow")
    for refused in found.refused:
        because = (
            f"{', '.join(refused.because)} can only be set when it is made" if refused.because else "Terraform says so"
        )
        say(f"  CANNOT    {line(refused.address)} <- {line(refused.import_id)} would be replaced: {line(because)}.")
        say(f"            {_REMEDIES.get(refused.type, _OTHERWISE)}.", style="bold yellow")
    for left in found.left[:_SHOWN]:
        place = _PLACES.get(left.type)
        what = f"write it into {place}, or remove it by hand" if place else "remove it by hand once nothing uses it"
        say(f"  left      {noun(left.type)} {line(left.where)}: the configuration has none like it; {what}")
    if len(found.left) > _SHOWN:
        say(f"  left      {how_many(len(found.left) - _SHOWN, 'other')}: `make drift` lists them all")
    say(
        f"{how_many(len(found.taken), 'object is', 'objects are')} taken over by {file}."
        if found.taken
        else "There is nothing to take over."
    )
