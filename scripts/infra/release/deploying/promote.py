"""Promoting: what was verified in one environment becomes the images of another, and is deployed there.

Environments live in accounts of their own, and credentials open one of them. So on AWS it is two runs of one command:
with the credentials of the first account it looks up what was verified, writes the other's images.tfvars and keeps what
the tasks are like there; with those of the second it goes on as a deploy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from infra.account.selection import Account, announce, select_account
from infra.console import say
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.books import open_books
from infra.release.deploying.deploy import WAITS, Show, Wish, deploy, short
from infra.release.deploying.explained_difference import compare
from infra.release.deploying.image_source import Repository, named_image
from infra.release.deploying.images_file import read_images, require_reference, write_images
from infra.release.deploying.promotion import Promotion, keep, kept, promotion_of
from infra.release.deploying.verified_images import verified_images
from infra.release.remote_state import STATE_KEY
from infra.release.settled import require_nothing_open
from infra.review.saved_review import Checks


@dataclass(frozen=True)
class Answers:
    """What a person has answered already.

    Args:
        yes: the question before the apply.
        confirmation: the CONFIRM variable.
    """

    yes: bool
    confirmation: str


def promote(  # noqa: PLR0917 - each has a name that callers use
    source: Environment, target: Environment, mode: str, checks: Checks, show: Show, answers: Answers
) -> bool:
    """Promote, as far as the credentials reach.

    Args:
        source: where it was verified.
        target: to where; the caller holds it.
        mode: the ACCOUNT variable.
        checks: all checks over a plan.
        show: prints the review.
        answers: what was answered already.

    Returns:
        False when there was nothing to do.

    Raises:
        InfraError: nothing was verified; or it waits for other credentials, a commit or an approval (exit code 3); or
            as `deploy`.
    """
    ours = _opened(source, mode)
    if ours:
        announce(ours)
        prepare(source, ours, target)
        if not ours.emulated and source.account_id != target.account_id:
            raise tell_next(source, target)
    account = select_account(target, mode)
    announce(account)
    done = go_on(source, target, account, checks, show, answers)
    announce(account)
    return done


def _opened(source: Environment, mode: str) -> Account | None:
    """The source's account, where the credentials open it; what is wrong with them is said where the target's fails."""
    try:
        return select_account(source, mode)
    except InfraError:
        return None


def prepare(source: Environment, account: Account, target: Environment) -> Promotion:
    """Look up what was verified, write the target's images.tfvars, and keep the rest for the run that goes on.

    Args:
        source: where it was verified.
        account: the source's own.
        target: to where.

    Returns:
        What is promoted.

    Raises:
        InfraError: nothing there was verified, or the two do not run the same programs. Then nothing was written.
    """
    require_nothing_open(source, account)
    books = open_books(source, account)
    verified = verified_images(books.ledger.entries(), source.name)
    images = images_in(target, verified.images)
    promotion = promotion_of(source, verified, images, books.state.document(STATE_KEY) or {})
    say(f"Verified in {source.name} (entry {verified.verification} of its ledger):", style="bold")
    for program, reference in images.items():
        say(f"  {program}: {short(reference)}")
    keep(promotion, target)
    write_images(target, images)
    return promotion


def images_in(target: Environment, images: Mapping[str, str]) -> dict[str, str]:
    """Images in the repositories of another environment.

    Args:
        target: whose repositories.
        images: program -> repository and digest.

    Returns:
        The same digests in its repositories.

    Raises:
        InfraError: the two do not run the same programs.
    """
    there = read_images(target)
    if there.keys() != images.keys():
        raise InfraError(
            f"{target.name} runs {', '.join(sorted(there))}, and what was verified is {', '.join(sorted(images))}: "
            f"they are not the same platform. Make environments/{target.name}/images.tfvars name the same programs."
        )
    return {
        program: f"{require_reference(program, there[program])['repository']}@{reference.rpartition('@')[2]}"
        for program, reference in sorted(images.items())
    }


def tell_next(source: Environment, target: Environment) -> InfraError:
    """What comes next where the credentials open the first account alone.

    Args:
        source: where it was verified.
        target: to where.

    Returns:
        What to raise: it waits (exit code 3).
    """
    return InfraError(
        f"environments/{target.name}/images.tfvars names what was verified in {source.name}. Nothing was deployed.\n"
        f"  1. Copy the images into account {target.account_id} where its repositories do not hold them yet "
        "(docs/deploying.md, 'Images in another account').\n"
        f"  2. Commit the file, push it and open a pull request: its plan is reviewed, approved and delivered there.\n"
        f"  3. Or, by hand: log in to account {target.account_id} and run `{_command(source, target)}` again here.",
        exit_code=WAITS,
    )


def go_on(  # noqa: PLR0917 - each has a name that callers use
    source: Environment, target: Environment, account: Account, checks: Checks, show: Show, answers: Answers
) -> bool:
    """Deploy what an earlier step has prepared.

    Args:
        source: where it was verified.
        target: to where; the caller holds it.
        account: the target's own.
        checks: all checks over a plan.
        show: prints the review.
        answers: what was answered already.

    Returns:
        False when there was nothing to do.

    Raises:
        InfraError: an image is not in the target's account, the tasks differ in something that no variable explains,
            or as `deploy`.
    """
    require_nothing_open(target, account)
    promotion = kept(source, target)
    for program, reference in promotion.images.items():
        _require_image(source, target, account, program, reference)
    wish = Wish(
        images=promotion.images,
        entries=open_books(target, account).ledger.entries(),
        command=_command(source, target),
        note=promotion.told,
        details={"promoted": {"from": source.name, "change": promotion.change, "verification": promotion.verification}},
        yes=answers.yes,
        confirmation=answers.confirmation,
        look=partial(compare, source, promotion, _command(source, target), answers.confirmation),
    )
    return deploy(target, account, wish, checks, show)


def _command(source: Environment, target: Environment) -> str:
    return f"make promote FROM={source.name} TO={target.name}"


def _require_image(source: Environment, target: Environment, account: Account, program: str, reference: str) -> None:
    try:
        named_image(Repository.of(target, account, program), account, reference)
    except InfraError as error:
        there = require_reference(program, reference)
        origin = read_images(source)[program].partition("@")[0]
        raise InfraError(
            f"{error}\nWhat was verified has to be copied into account {target.account_id}, with its digest:\n"
            f"  skopeo copy --all --preserve-digests docker://{origin}@{there['digest']} "
            f"docker://{there['repository']}:promoted-{there['digest'][7:19]}\n"
            "docs/deploying.md, 'Images in another account', says who may. Nothing was deployed."
        ) from error
