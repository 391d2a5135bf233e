"""docs/migrating-the-first-version.md, as far as a test can do what it says: values, a call of ECS, commands."""

import re
import shlex
import textwrap
from typing import Any

from infra.repository import ROOT

PAGE = (ROOT / "docs" / "migrating-the-first-version.md").read_text()
# What the page cannot know.
_KEY = re.compile(r'"arn:aws:kms:us-east-1:123456789012:key/\.\.\."')
_REST_STAYS = "  # ...\n"


def fenced(language: str) -> list[str]:
    """The page's blocks of a language, those of its numbered steps too.

    Args:
        language: as behind the fence.
    """
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", PAGE, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _, block in found]


def with_what_is_kept(variables: str, database_key: str) -> str:
    """An environment's variables as the page wants them: network and database of the first version.

    Args:
        variables: text of terraform.tfvars.
        database_key: ARN of the key that the old database is encrypted with.

    Returns:
        The text. Of an object, what the page does not name stays.
    """
    for block in fenced("hcl"):
        name = block.partition(" ")[0]
        old = re.search(rf"^{name} = {{\n(.*?)^}}\n", variables, re.MULTILINE | re.DOTALL)
        assert old, f"terraform.tfvars has no {name}: mend the page"
        assert _REST_STAYS in block, f"the page's {name} does not say that the rest of it stays"
        said = _entries(_inside(block).replace(_REST_STAYS, ""))
        kept = {key: text for key, text in _entries(old[1]).items() if key not in said}
        new = f"{name} = {{\n{''.join([*said.values(), *kept.values()])}}}\n"
        variables = variables.replace(old[0], new)
    variables, count = _KEY.subn(f'"{database_key}"', variables)
    assert count == 1, "the page names no key of the database, or several"
    return variables


def update_service() -> dict[str, Any]:
    """What the page's call of `aws ecs update-service` says, as boto3 takes it."""
    [command] = [block for block in fenced("sh") if block.startswith("aws ecs update-service")]
    options = shlex.split(command.replace("\\\n", ""))[3:]
    said: dict[str, Any] = {}
    while options:
        name = re.sub(r"-(\w)", lambda found: found[1].upper(), options.pop(0).removeprefix("--"))
        said[name] = options.pop(0) if options and not options[0].startswith("--") else True
    strategy = dict(each.split("=") for each in said["capacityProviderStrategy"].split(","))
    numbers = {key: int(value) if value.isdecimal() else value for key, value in strategy.items()}
    return said | {"capacityProviderStrategy": [numbers]}


def commands() -> list[str]:
    """The commands that take over, in their order: "adopt", "plan"."""
    [block] = [block for block in fenced("sh") if block.startswith("make adopt")]
    return re.findall(r"^make (\w+) ENV=production\b", block, re.MULTILINE)


def _inside(block: str) -> str:
    return block[block.index("\n") + 1 : block.rindex("}")]


def _entries(inside: str) -> dict[str, str]:
    """What stands in an object, by name: lines that are indented once begin one."""
    return {
        found[1]: found[0] for found in re.finditer(r"^  (\w+) +=.*\n(?:(?:   .*|  [}\]])\n)*", inside, re.MULTILINE)
    }
