"""The commands that the workflows run; `register_delivery` puts them below `infra`."""

import click

from infra.account.selection import announce, select_account
from infra.console import note, say
from infra.environment import environment_names, load_environment
from infra.errors import InfraError
from infra.lock import exclusive
from infra.release import apply as release
from infra.review.delivery import (
    SEALED,
    Apply,
    Merge,
    artifact_name,
    deliver,
    failure_comment,
    matrix,
    private_key,
    touched_matrix,
    write_sealed,
)
from infra.review.github import GitHub
from infra.review.reports.write import ReportFiles, review_folder
from infra.review.sealing import PUBLIC_KEY, new_key, seal


def register_delivery(commands: click.Group, apply: Apply) -> None:
    """Add the commands.

    Args:
        commands: the group `infra`.
        apply: applies a saved plan.
    """
    environment_option = click.option(
        "--env", "name", envvar="ENV", default="", help="Environment; the Makefile's ENV."
    )
    account_option = click.option("--account", "mode", envvar="ACCOUNT", default="auto", help="auto, aws or emulated.")

    @commands.group()
    def delivery() -> None:
        """What the workflows in .github/workflows run."""

    @delivery.command()
    @click.option("--base", envvar="BASE", required=True, help="Full hash of the commit that the change goes onto.")
    @click.option("--head", envvar="HEAD", required=True, help="Full hash of the commit that is proposed or merged.")
    def touched(base: str, head: str) -> None:
        """List the environments that a change touches, as JSON."""
        say(touched_matrix(base, head))

    @delivery.command("environments")
    def all_environments() -> None:
        """List all environments, as JSON."""
        say(matrix(environment_names()))

    @delivery.command("seal")
    @environment_option
    def seal_plan(name: str) -> None:
        """Encrypt the saved plan for the job that applies it: build/<env>/plan.sealed."""
        environment = load_environment(name)
        record = release.load_saved_plan(environment)
        if not record.commit or not record.clean:
            raise InfraError("The saved plan was not made from a clean commit: nobody could apply it later.")
        write_sealed(environment.build / SEALED, seal(environment, record.commit))
        say(f"Sealed {artifact_name(name)} of commit {record.commit}, plan file SHA-256 {record.plan_sha256}.")

    @delivery.command()
    @environment_option
    def key(name: str) -> None:
        """Make the key that plans are sealed with: public half into the repository, private half to stdout."""
        environment = load_environment(name)
        private, public = new_key()
        (environment.folder / PUBLIC_KEY).write_text(public + "\n")
        note(
            f"  wrote environments/{name}/{PUBLIC_KEY}; what follows is the secret PLAN_KEY of GitHub environment "
            f"{name}"
        )
        say(private)

    @delivery.command()
    @environment_option
    @click.option("--pull-request", "number", envvar="PULL_REQUEST", type=click.IntRange(min=1), required=True)
    def comment(name: str, number: int) -> None:
        """Write the review of the plan into its comment on a pull request; without one that planning failed."""
        environment = load_environment(name)
        report = ReportFiles(review_folder(environment)).comment
        made = report.exists()
        text = report.read_text(encoding="utf-8") if made else failure_comment(environment.name)
        say(f"Commented: {GitHub.from_environment().comment(number, text)}")
        if not made:
            raise InfraError(f"There is no review of {name} to tell: planning failed, and the comment says so.")

    @delivery.command("apply")
    @environment_option
    @account_option
    @click.option("--commit", envvar="COMMIT", required=True, help="Full hash of the merged commit, checked out.")
    @click.option("--base", envvar="BASE", required=True, help="Full hash of the branch before it.")
    def apply_merged(name: str, mode: str, commit: str, base: str) -> None:
        """Apply the approved plan of a merged pull request, if it is still what would be planned."""
        environment = load_environment(name)
        with exclusive(environment, f"infra delivery apply --env {name}"):
            account = select_account(environment, mode)
            announce(account)
            done = deliver(environment, account, Merge(commit, base), private_key(), apply)
            say(f"Applied. {name} is what its configuration says." if done else f"Nothing to apply in {name}.")
            announce(account)
