"""What follows a rollback: whether what runs now works, what took how long, and what has to be done with the branch."""

from infra.account.selection import Account
from infra.console import note, say
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.rollback.phases import Phases


def verified(environment: Environment, account: Account, phases: Phases) -> int:
    """Use what was rolled back as its clients do.

    Args:
        environment: that was rolled back.
        account: where.
        phases: gets the time that it took.

    Returns:
        Exit code: 0 it works, or an emulated account, which runs nothing; 1 it does not, or nobody could find out. What
        was rolled back stays so in any case.
    """
    from infra.verify.perform import perform_verify  # noqa: PLC0415 - no other command waits for it

    if account.emulated:
        say("Not verified: an emulated account runs nothing (`make preflight DRILLS=1` practises it with everything).")
        return 0
    with phases.phase("verifying"):
        try:
            return perform_verify(environment, account.kind, "")
        except InfraError as error:
            note(f"ERROR It was rolled back, but not verified: {error}", style="bold red")
            return 1


def tell_phases(phases: Phases) -> None:
    """Say what took how long, and what has to follow.

    Args:
        phases: of the rollback.
    """
    for name, seconds in phases.seconds.items():
        note(f"  {name:28} {seconds:6.1f} s")
    say(
        "Next: open a pull request with this branch. What is delivered must say what runs, or the next delivery brings "
        "the broken version back."
    )
