"""Images in their repository of ECR: found by digest and tag, or refused with what is there."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra.account.emulated import EmulatedAccount
from infra.account.selection import Account
from infra.environment import load_environment
from infra.errors import InfraError
from infra.release.deploying.image_source import Repository, named_image
from infra.release.deploying.images_file import read_images
from infra.release.ledger.entry import Entry, Kind, Outcome
from infra.release.tasks.migration_outlook import migration_outlook
from infra.release.tasks.schema import Effect
from tests.release.ecr_images import push
from tests.release.ecs_answers import client_error
from tests.release.ledger.samples import chained, record
from tests.release.test_connection import ACCOUNT

ENVIRONMENT = load_environment("production")  # the account that the tests' emulated one is
SCHEMA = "bf29a5ff90ea"


@pytest.fixture
def emulated(account: EmulatedAccount) -> Iterator[EmulatedAccount]:
    copy = account.fork()
    for program in ("gateway", "mlflow"):
        copy.client("ecr").create_repository(repositoryName=f"hokusai/{program}")
    yield copy
    copy.stop()


@pytest.fixture
def aws(emulated: EmulatedAccount, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account of AWS, whose calls the emulated one answers."""
    monkeypatch.setattr("infra.release.deploying.image_source.client", lambda _, __, service: emulated.client(service))
    return replace(ACCOUNT, account_id=ENVIRONMENT.account_id)


def test_every_way_to_name_it(emulated: EmulatedAccount, aws: Account) -> None:
    digest = push(emulated, "gateway", "one", "v1")
    repository = Repository.of(ENVIRONMENT, aws, "gateway")
    url = read_images(ENVIRONMENT)["gateway"].partition("@")[0]
    for given in ("v1", digest, f"{url}:v1", f"{url}@{digest}"):
        image = named_image(repository, aws, given)
        assert (image.reference, image.tags) == (f"{url}@{digest}", ("v1",))


@pytest.mark.parametrize("given", ["v9", "sha256:" + "e" * 64])
def test_what_is_not_there(emulated: EmulatedAccount, aws: Account, given: str) -> None:
    repository = Repository.of(ENVIRONMENT, aws, "gateway")
    with pytest.raises(InfraError, match=r"has no image .* The repository is empty"):
        named_image(repository, aws, given)
    digests = [push(emulated, "gateway", f"image {number}", f"v{number}") for number in range(6)]
    with pytest.raises(InfraError) as caught:
        named_image(repository, aws, given)
    assert "The newest of 6 there:" in str(caught.value)
    assert sum(digest in str(caught.value) for digest in digests) == 5


def test_no_repository(aws: Account) -> None:
    with pytest.raises(InfraError, match=r"has no repository hokusai/auth\. `make bootstrap ENV=production` makes it"):
        named_image(Repository.of(ENVIRONMENT, aws, "auth"), aws, "v1")


@pytest.mark.parametrize(
    ("program", "told"),
    [("web", "SERVICE=web is no program"), ("", "SERVICE is not set"), ("Gateway", "is no program")],
)
def test_no_such_program(aws: Account, program: str, told: str) -> None:
    with pytest.raises(InfraError, match=told):
        Repository.of(ENVIRONMENT, aws, program)


def test_another_accounts_repository(aws: Account) -> None:
    """As after copying another environment's file."""
    elsewhere = replace(ENVIRONMENT, account_id="999999999999")
    with pytest.raises(InfraError, match="is no repository of account 999999999999"):
        Repository.of(elsewhere, aws, "gateway")


def test_ecr_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def describe_images(self, **_: object) -> None:
            raise client_error("AccessDeniedException")

    monkeypatch.setattr("infra.release.deploying.image_source.client", lambda *_: Refusing())
    with pytest.raises(InfraError, match="ecr:DescribeImages was refused"):
        named_image(Repository.of(ENVIRONMENT, ACCOUNT, "gateway"), ACCOUNT, "v1")


def test_into_an_emulated_account_nobody_can_push(emulated: EmulatedAccount, build_folder: Path) -> None:
    here = Account("emulated", emulated.account_id, "arn", "i", emulated, "a test")
    digest = "sha256:" + "e" * 64
    repository = Repository.of(ENVIRONMENT, here, "gateway")
    assert named_image(repository, here, digest).reference.endswith(digest)
    with pytest.raises(InfraError, match="has no image v9"):
        named_image(repository, here, "v9")


def ledger(schema: str, image: str = "") -> list[Entry]:
    details = {"schema": schema, "migration": {"image": image}} if schema else {}
    return chained([record(Kind.DEPLOY, Outcome.SUCCEEDED, details=details)])


@pytest.mark.parametrize(
    ("tag", "now", "effect"),
    [
        (f"abc-schema-{SCHEMA}", SCHEMA, Effect.SAME),
        (f"abc-schema-{SCHEMA}", "1a0cddfcaa16", Effect.CHANGES),
        (f"abc-schema-{SCHEMA}", "", Effect.UNKNOWN),
        ("abc", SCHEMA, Effect.UNKNOWN),
    ],
)
def test_what_an_image_does_to_the_schema(
    emulated: EmulatedAccount, aws: Account, tag: str, now: str, effect: Effect
) -> None:
    image = mlflow(push(emulated, "mlflow", "one", tag))
    assert migration_outlook(ENVIRONMENT, aws, image, ledger(now)).effect is effect


def test_an_image_that_was_deployed_before(aws: Account) -> None:
    """Also where its repository's lifecycle has removed it: it may still run."""
    image = mlflow("sha256:" + "f" * 64)
    assert migration_outlook(ENVIRONMENT, aws, image, ledger(SCHEMA)).effect is Effect.UNKNOWN
    assert migration_outlook(ENVIRONMENT, aws, image, ledger(SCHEMA, image)).effect is Effect.SAME


def mlflow(digest: str) -> str:
    return f"{read_images(ENVIRONMENT)['mlflow'].partition('@')[0]}@{digest}"
