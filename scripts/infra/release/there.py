"""What is in the account that a plan would make: listed with what tells it apart."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.errors import InfraError
from infra.release.drift.owned import Owned
from infra.release.drift.parts import PARENTS, Parents, parts
from infra.release.drift.place import Platform
from infra.release.drift.reader import Reader
from infra.release.drift.seen import Parent, Seen
from infra.release.drift.strangers import strangers

_WHY: Final = "is what the plan would make"

# Settings of a bucket: type -> call, key in the answer, and the codes that say that there is none.
_BUCKET_SETTINGS: Final = {
    "aws_s3_bucket_lifecycle_configuration": ("get_bucket_lifecycle_configuration", "Rules"),
    "aws_s3_bucket_logging": ("get_bucket_logging", "LoggingEnabled"),
    "aws_s3_bucket_ownership_controls": ("get_bucket_ownership_controls", "OwnershipControls"),
    "aws_s3_bucket_policy": ("get_bucket_policy", "Policy"),
    "aws_s3_bucket_public_access_block": ("get_public_access_block", "PublicAccessBlockConfiguration"),
    "aws_s3_bucket_server_side_encryption_configuration": (
        "get_bucket_encryption",
        "ServerSideEncryptionConfiguration",
    ),
    "aws_s3_bucket_versioning": ("get_bucket_versioning", "Status"),
}
_NO_SETTING: Final = (
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
)


def parents_planned(document: Mapping[str, Any]) -> Parents:
    """What has parts and exists: in the state, or about to be imported.

    Args:
        document: a plan's JSON.

    Returns:
        The parents by type.
    """
    found: dict[str, list[Parent]] = {}
    for entry in document.get("resource_changes", []):
        attribute = PARENTS.get(entry["type"])
        identity = (entry["change"].get("before") or {}).get(attribute) if attribute else None
        if identity and entry["mode"] == "managed":
            found.setdefault(entry["type"], []).append(Parent(str(identity), entry["address"]))
    return found


def there(  # noqa: PLR0917 - each has a name that callers use
    reader: Reader, platform: Platform, region: str, account_id: str, owned: Owned, document: Mapping[str, Any]
) -> tuple[list[Seen], list[Seen]]:
    """List what a plan might make a second time.

    Args:
        reader: asks the account.
        platform: whose.
        region: of the environment.
        account_id: twelve digits.
        owned: the states.
        document: the plan's JSON.

    Returns:
        What is the platform's, and beside it what is listed only to be compared; owned things too.

    Raises:
        InfraError: a call was denied or not answered.
    """
    parents = parents_planned(document)
    own = [*strangers(reader, platform, region, account_id), *parts(reader, parents, owned)]
    own = [_complete(reader, each) for each in own]
    seen: list[Seen] = []
    seen += _keys_of_aliases(reader, platform)
    seen += _networks(reader)
    seen += [found for vpc in parents.get("aws_vpc", []) for found in _associations(reader, vpc)]
    seen += [found for zone in _zones(document) for found in _records(reader, zone)]
    wanted = _buckets(document)
    seen += [found for each in own if each.name in wanted for found in _settings(reader, each)]
    seen += [
        _seen("aws_ecs_cluster_capacity_providers", each.name, each.where, each.name)
        for each in own
        if each.type == "aws_ecs_cluster"
    ]
    return own, seen


def _seen(kind: str, import_id: str, where: str, *natural: str) -> Seen:
    return Seen(kind, import_id, where, (where,), _WHY, natural)


def _complete(reader: Reader, seen: Seen) -> Seen:
    """A namespace is imported with its VPC, which only its zone tells."""
    if seen.type != "aws_service_discovery_private_dns_namespace" or ":" in seen.import_id:
        return seen
    answer = reader.call("servicediscovery", "get_namespace", Id=seen.import_id)["Namespace"]
    zone = answer.get("Properties", {}).get("DnsProperties", {}).get("HostedZoneId", "")
    vpcs = reader.call("route53", "get_hosted_zone", Id=zone).get("VPCs", []) if zone else []
    if not vpcs:
        raise InfraError(
            f"The VPC of the namespace {seen.name} ({seen.where}) cannot be told, so nobody can import it."
        )
    return replace(seen, import_id=f"{seen.import_id}:{vpcs[0]['VPCId']}")


def _keys_of_aliases(reader: Reader, platform: Platform) -> Iterator[Seen]:
    for alias in reader.pages("kms", "list_aliases", "Aliases"):
        if platform.names(alias["AliasName"]) and alias.get("TargetKeyId"):
            yield _seen("aws_kms_key", alias["TargetKeyId"], alias["AliasArn"], alias["AliasName"])


def _networks(reader: Reader) -> Iterator[Seen]:
    for vpc in reader.pages("ec2", "describe_vpcs", "Vpcs"):
        if not vpc["IsDefault"]:
            yield _seen("aws_vpc", vpc["VpcId"], vpc["VpcId"], vpc["CidrBlock"])


def _associations(reader: Reader, vpc: Parent) -> Iterator[Seen]:
    filters = [{"Name": "vpc-id", "Values": [vpc.id]}]
    for table in reader.pages("ec2", "describe_route_tables", "RouteTables", Filters=filters):
        for each in table["Associations"]:
            if each.get("SubnetId"):
                found = f"{each['SubnetId']}/{table['RouteTableId']}"
                yield _seen("aws_route_table_association", found, each["RouteTableAssociationId"], each["SubnetId"])


def _zones(document: Mapping[str, Any]) -> set[str]:
    return {
        str(entry["change"]["after"]["zone_id"])
        for entry in document.get("resource_changes", [])
        if entry["type"] == "aws_route53_record" and (entry["change"].get("after") or {}).get("zone_id")
    }


def _buckets(document: Mapping[str, Any]) -> set[str]:
    return {
        str(entry["change"]["after"]["bucket"])
        for entry in document.get("resource_changes", [])
        if entry["type"] == "aws_s3_bucket" and (entry["change"].get("after") or {}).get("bucket")
    }


def _records(reader: Reader, zone: str) -> Iterator[Seen]:
    for record in reader.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone):
        name = record["Name"].rstrip(".")
        found = f"{zone}_{name}_{record['Type']}"
        yield _seen("aws_route53_record", found, found, zone, name, record["Type"])


def _settings(reader: Reader, bucket: Seen) -> Iterator[Seen]:
    name = bucket.import_id
    for kind, (operation, part) in _BUCKET_SETTINGS.items():
        try:
            answer = reader.call("s3", operation, Bucket=name)
        except InfraError as error:
            if not _says_none(error):
                raise
            continue
        if answer.get(part):
            yield _seen(kind, name, f"{bucket.where} ({kind})", name)


def _says_none(error: InfraError) -> bool:
    cause = error.__cause__
    return isinstance(cause, ClientError) and cause.response["Error"]["Code"] in _NO_SETTING
