"""The commands deploy and promote; `register_deploy` puts them below `infra`."""

import click

from infra.account.selection import Account, announce, select_account
from infra.console import note, say
from infra.environment import Environment, environment_names, load_environment
from infra.errors import InfraError
from infra.lock import exclusive
from infra.release.books import open_books
from infra.release.deploying.deploy import Show, Wish, deploy, short
from infra.release.deploying.image_build import build_image
from infra.release.deploying.image_source import Repository, named_image
from infra.release.deploying.images_file import read_images
from infra.release.deploying.promote import Answers, promote
from infra.release.finish import last_change
from infra.release.ledger.entry import Entry, Kind, Outcome
from infra.release.settled import require_nothing_open
from infra.review.saved_review import Checks


def register_deploy(commands: click.Group, checks: Checks, show: Show) -> None:
    """Add the commands.

    Args:
        commands: the group `infra`.
        checks: all checks over a plan.
        show: prints a review in its short form.
    """

    @commands.command("deploy")
    @click.option("--env", "name", envvar="ENV", default="", help="Environment; the Makefile's ENV.")
    @click.option("--account", "mode", envvar="ACCOUNT", default="auto", help="auto, aws or emulated.")
    @click.option("--service", envvar="SERVICE", default="", help="Program whose image it is: a key of images.tfvars.")
    @click.option("--image", "given", envvar="IMAGE", default="", help="Digest, tag or reference; built where missing.")
    @click.option("--yes", is_flag=True, envvar="YES", help="Do not ask; the Makefile's YES=1.")
    @click.option("--confirm", "confirmation", envvar="CONFIRM", default="", help="What a refusal asks for.")
    def deploy_command(name: str, mode: str, service: str, given: str, yes: bool, confirmation: str) -> None:  # noqa: PLR0917
        """Run another image: into images.tfvars, then planned, reviewed, applied and followed."""
        environment = load_environment(name)
        with exclusive(environment, f"infra deploy --env {name}"):
            account = select_account(environment, mode)
            announce(account)
            require_nothing_open(environment, account)
            entries = open_books(environment, account).ledger.entries()
            reference = _reference(environment, account, service, given, entries)
            wish = Wish(
                images={service: reference},
                entries=entries,
                command=f"make deploy ENV={name} SERVICE={service}",
                note=f"Deploy {short(reference)}",
                details={},
                yes=yes,
                confirmation=confirmation,
            )
            done = deploy(environment, account, wish, checks, show)
            say(f"Deployed. Next: `make verify ENV={name}`." if done else f"{name} runs {short(reference)} already.")
            announce(account)

    @commands.command("promote")
    @click.option("--from", "source_name", envvar="FROM", default="", help="Environment that it was verified in.")
    @click.option("--to", "target_name", envvar="TO", default="", help="Environment that it is deployed to.")
    @click.option("--account", "mode", envvar="ACCOUNT", default="auto", help="auto, aws or emulated.")
    @click.option("--yes", is_flag=True, envvar="YES", help="Do not ask; the Makefile's YES=1.")
    @click.option("--confirm", "confirmation", envvar="CONFIRM", default="", help="What a refusal asks for.")
    def promote_command(source_name: str, target_name: str, mode: str, yes: bool, confirmation: str) -> None:
        """Run in one environment what was verified in another."""
        source, target = _environments(source_name, target_name)
        with exclusive(target, f"infra promote --from {source_name} --to {target_name}"):
            done = promote(source, target, mode, checks, show, Answers(yes, confirmation))
            say(
                f"Promoted. Next: `make verify ENV={target.name}`."
                if done
                else f"{target.name} runs already what was verified in {source.name}."
            )


def _environments(source: str, target: str) -> tuple[Environment, Environment]:
    known = ", ".join(environment_names())
    for variable, name in (("FROM", source), ("TO", target)):
        if name not in environment_names():
            given = f"{variable}={name} is no environment" if name else f"{variable} is not set"
            raise InfraError(f"{given}: `make promote FROM=<environment> TO=<environment>`, each of {known}.")
    if source == target:
        raise InfraError(f"FROM and TO are both {source}: promoting takes what runs in one to another.")
    return load_environment(source), load_environment(target)


def _reference(environment: Environment, account: Account, service: str, given: str, entries: list[Entry]) -> str:
    repository = Repository.of(environment, account, service)
    if given:
        return named_image(repository, account, given).reference
    there = read_images(environment)[service]
    if waits(entries, service, there):
        note(f"  Going on with what environments/{environment.name}/images.tfvars says: {short(there)}")
        return named_image(repository, account, there).reference
    return build_image(environment, account, repository).reference


def waits(entries: list[Entry], program: str, reference: str) -> bool:
    """Whether what images.tfvars says still waits to be deployed, so that nothing new has to be built.

    Args:
        entries: of the ledger, the oldest first.
        program: key of the file.
        reference: what it says.

    Returns:
        True when the last change was about another image, or was interrupted.
    """
    last = last_change(entries)
    if last is None:
        return False
    interrupted = last.record.outcome in (Outcome.PARTIAL, Outcome.NOTHING) or last.record.kind is Kind.RECOVER
    return last.record.images.get(program) != reference or interrupted
