"""What is deleted already: AWS shows some things with their tags for a while after that."""

from collections.abc import Callable, Mapping
from typing import Final

from infra.release.drift.reader import Reader
from infra.release.drift.seen import Seen


def ended(reader: Reader, seen: Seen) -> bool:
    """Whether something is deleted already.

    Args:
        reader: asks the account.
        seen: listed by its tags.

    Returns:
        True when it only waits to be forgotten.

    Raises:
        InfraError: a call was denied or not answered.
    """
    ask = _KINDS.get(seen.type)
    return ask is not None and ask(reader, seen)


def _cluster(reader: Reader, seen: Seen) -> bool:
    name = seen.import_id.partition("/")[0]
    there = reader.pages("ecs", "list_clusters", "clusterArns")
    return name not in {arn.rpartition("/")[2] for arn in there}


def _service(reader: Reader, seen: Seen) -> bool:
    if _cluster(reader, seen):
        return True
    cluster, _, service = seen.import_id.partition("/")
    answer = reader.call("ecs", "describe_services", cluster=cluster, services=[service])
    return all(each["status"] == "INACTIVE" for each in answer["services"])


def _key(reader: Reader, seen: Seen) -> bool:
    about = reader.call("kms", "describe_key", KeyId=seen.where)["KeyMetadata"]
    return bool(about["KeyState"] == "PendingDeletion")


def _nat_gateway(reader: Reader, seen: Seen) -> bool:
    filters = [{"Name": "nat-gateway-id", "Values": [seen.import_id]}]
    there = reader.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=filters)
    return all(each["State"] in ("deleting", "deleted") for each in there)


def _machine(reader: Reader, seen: Seen) -> bool:
    filters = [{"Name": "instance-id", "Values": [seen.import_id]}]
    there = reader.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    return all(each["State"]["Name"] == "terminated" for reservation in there for each in reservation["Instances"])


_KINDS: Final[Mapping[str, Callable[[Reader, Seen], bool]]] = {
    "aws_ecs_cluster": _cluster,
    "aws_ecs_service": _service,
    "aws_instance": _machine,
    "aws_kms_key": _key,
    "aws_nat_gateway": _nat_gateway,
}
