"""The tool environments of this checkout, for commands that run in a build folder of their own."""

from pathlib import Path

from infra.repository import build_folder


def share_tools(build: Path) -> None:
    """Let a build folder use what is installed already: installing takes half a minute a tool.

    Args:
        build: INFRA_BUILD of the commands; it is made.
    """
    build.mkdir(parents=True, exist_ok=True)
    tools = build_folder() / "tools"
    tools.mkdir(parents=True, exist_ok=True)
    (build / "tools").symlink_to(tools.resolve())
