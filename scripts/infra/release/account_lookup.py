"""Objects of a kind with their tags, as the account tells them."""

from collections import defaultdict

from botocore.exceptions import BotoCoreError, ClientError

from infra.account.clients import client
from infra.account.selection import Account
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.begun_objects import Lookup, Tagged


def lookup_in(environment: Environment, account: Account) -> Lookup:
    """What asks an environment's account.

    Args:
        environment: its region.
        account: the account.

    Returns:
        The lookup; it raises InfraError when the account does not answer.
    """
    names = {"account": account.account_id, "partition": "aws", "region": environment.region}

    def ec2(kind: str) -> Tagged:
        pages = client(account, environment.region, "ec2").get_paginator("describe_tags")
        found: dict[str, dict[str, str]] = defaultdict(dict)
        try:
            for page in pages.paginate(Filters=[{"Name": "resource-type", "Values": [kind]}]):
                for tag in page["Tags"]:
                    found[tag["ResourceId"]][tag["Key"]] = tag["Value"]
        except (BotoCoreError, ClientError) as error:
            raise InfraError(f"The tags of every {kind} cannot be read: {error}") from error
        return found

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

    return Lookup(names, ec2, tagged)
