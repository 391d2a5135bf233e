"""The commands `infra preflight` and `infra demo`. What they need is imported when they run: no other command waits."""

import sys

import click

from infra.environment import load_environment


def register_preflight(commands: click.Group) -> None:
    """Add the commands.

    Args:
        commands: the group of all commands.
    """

    @commands.command("preflight")
    @click.option("--env", "name", envvar="ENV", default="", help="Environment; the Makefile's ENV.")
    @click.option("--keep", is_flag=True, envvar="KEEP", help="Leave it running afterwards; the Makefile's KEEP=1.")
    @click.option("--fail-fast", is_flag=True, help="Run nothing more after the first failure.")
    @click.option(
        "--drills",
        envvar="DRILLS",
        default="",
        help="Then let faults happen: 1 for all, or names; Makefile's DRILLS.",
    )
    def _preflight(name: str, keep: bool, fail_fast: bool, drills: str) -> None:
        """Apply an environment, start it as applied, use it: exits with 0 passed, 1 failed, 2 could not run."""
        from infra.preflight.perform import perform_preflight  # noqa: PLC0415

        sys.exit(perform_preflight(load_environment(name), keep=keep, fail_fast=fail_fast, drills=drills))

    @commands.command("demo")
    @click.option("--env", "name", envvar="ENV", default="development", help="Environment.")
    def _demo(name: str) -> None:
        """Start the platform of an environment on this machine, to be used by a person."""
        from infra.preflight.perform import perform_demo  # noqa: PLC0415

        sys.exit(perform_demo(load_environment(name or "development")))
