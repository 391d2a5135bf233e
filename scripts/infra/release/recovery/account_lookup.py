"""What the account tells of objects whose ids nobody knows: their tags, and what they are a part of."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.account.clients import client
from infra.account.selection import Account
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.drift.owned import Owned
from infra.release.drift.place import Platform
from infra.release.drift.reader import Reader
from infra.release.drift.seen import Seen
from infra.release.recovery.begun_objects import Lookup, Tagged
from infra.release.there import there


def lookup_in(environment: Environment, account: Account) -> Lookup:
    """What asks an environment's account.

    Args:
        environment: its region.
        account: the account.

    Returns:
        The lookup; it raises InfraError when the account does not answer.
    """
    names = {"account": account.account_id, "partition": "aws", "region": environment.region}
    reader = Reader(lambda service: client(account, environment.region, service))

    @cache
    def ec2() -> Tagged:
        pages = client(account, environment.region, "ec2").get_paginator("describe_tags")
        found: dict[str, dict[str, str]] = defaultdict(dict)
        try:
            for page in pages.paginate():
                for tag in page["Tags"]:
                    found[tag["ResourceId"]][tag["Key"]] = tag["Value"]
        except (BotoCoreError, ClientError) as error:
            raise InfraError(f"The tags of everything in EC2 cannot be read: {error}") from error
        return found

    @cache
    def tagged(kind: str) -> Tagged:
        pages = client(account, environment.region, "resourcegroupstaggingapi").get_paginator("get_resources")
        try:
            return {
                each["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]}
                for page in pages.paginate(ResourceTypeFilters=[kind])
                for each in page["ResourceTagMappingList"]
            }
        except (BotoCoreError, ClientError) as error:
            raise InfraError(f"The tags of every {kind} cannot be read: {error}") from error

    def parts(planned: Mapping[str, Any]) -> list[Seen]:
        platform, nothing = Platform(environment.name), Owned([], [])
        own, others = there(reader, platform, environment.region, account.account_id, nothing, planned)
        return [*own, *others]

    return Lookup(names, ec2, tagged, parts)
