"""The command `infra verify`. What it needs is imported when it runs: no other command waits."""

import sys

import click

from infra.environment import load_environment


def register_verify(commands: click.Group) -> None:
    """Add the command.

    Args:
        commands: the group `infra`.
    """

    @commands.command("verify")
    @click.option("--env", "name", envvar="ENV", default="", help="Environment; the Makefile's ENV.")
    @click.option("--account", "mode", envvar="ACCOUNT", default="auto", help="auto, aws or emulated.")
    @click.option("--step", "wanted", envvar="STEP", default="", help="Names with commas between them; all by default.")
    @click.option("--list", "listing", is_flag=True, help="Say which steps there are, and what each needs.")
    def _verify(name: str, mode: str, wanted: str, listing: bool) -> None:
        """Use a running environment as its clients do, and look at what it tells: exits with 0 when all is well.

        The API key is taken from VERIFY_API_KEY, or from the secret of the account that VERIFY_SECRET names.
        """
        from infra.verify.perform import list_steps, perform_verify  # noqa: PLC0415

        if listing:
            list_steps()
            return
        sys.exit(perform_verify(load_environment(name), mode, wanted))
