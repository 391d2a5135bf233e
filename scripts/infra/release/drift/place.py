"""Whose something is: by its tags, or by its name where it has no tags."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

# What stands before the platform's name in the names of some services.
_PREFIXES: Final = r"(?:alias/|/ecs/|/vpc/|/aws/rds/instance/|aws-waf-logs-|/)?"
# Who made something, in the tags that AWS or people put there.
_MAKERS: Final = ("aws:createdBy", "CreatedBy", "created-by", "Owner", "owner")


@dataclass(frozen=True)
class Platform:
    """How to tell what belongs to an environment.

    Args:
        environment: its name.
    """

    environment: str

    @property
    def tags(self) -> dict[str, str]:
        """What everything that Terraform makes carries (environments/stack/names.tf)."""
        return {"Project": "hokusai", "Environment": self.environment}

    def names(self, name: str) -> bool:
        """Whether something is named as the platform names things, the first version's names included.

        Args:
            name: of anything, as in "/ecs/hokusai/gateway/staging", "hokusai-staging.local".

        Returns:
            True for names that begin with hokusai and have the environment as a part.
        """
        return self._pattern.fullmatch(name) is not None

    def elsewhere(self, tags: Mapping[str, str]) -> bool:
        """Whether tags say that something is another environment's, whatever its name.

        Args:
            tags: of it.

        Returns:
            True when they name another one.
        """
        return tags.get("Environment", self.environment) != self.environment

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        name = re.escape(self.environment)
        return re.compile(rf"{_PREFIXES}hokusai(?:[-/.].*)?[-/.]{name}(?:[-/.].*)?", re.DOTALL)


def maker(tags: Mapping[str, str]) -> str:
    """Who made something.

    Args:
        tags: of it.

    Returns:
        As a tag says it; "" where none does.
    """
    return next((tags[name] for name in _MAKERS if tags.get(name)), "")
