"""What the parts of the first version share: the account, and what they have made."""

from dataclasses import dataclass, field
from typing import Any, Final

from infra.account.emulated import EmulatedAccount

ENVIRONMENT: Final = "production"
DOMAIN: Final = "hokus.ai"
CLUSTER: Final = f"hokusai-{ENVIRONMENT}"
TAGS: Final = {"Project": "hokusai", "Environment": ENVIRONMENT, "ManagedBy": "Terraform"}


@dataclass
class OldAccount:
    """An account with the first version in it.

    Args:
        account: where.
        kept: what stays: import id by the address that it gets.
        vpc: of everything.
        public: subnets.
        private: subnets.
        groups: security groups by purpose.
        targets: ARNs of target groups by service.
    """

    account: EmulatedAccount
    kept: dict[str, str] = field(default_factory=dict)
    vpc: str = ""
    public: list[str] = field(default_factory=list)
    private: list[str] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:  # boto3 makes its clients at run time
        """A boto3 client."""
        return self.account.client(service)


def tag_list() -> list[dict[str, str]]:
    """The tags of everything, as most services take them."""
    return [{"Key": key, "Value": value} for key, value in TAGS.items()]


def tagged(kind: str) -> list[dict[str, Any]]:
    """The tags of everything, as EC2 takes them.

    Args:
        kind: as EC2 calls it, e.g. "vpc".
    """
    return [{"ResourceType": kind, "Tags": tag_list()}]
