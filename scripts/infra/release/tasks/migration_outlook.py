"""What an image of MLflow is going to do to the schema, from the tags that it has in ECR and from the ledger."""

from collections.abc import Sequence

from infra.account.selection import Account
from infra.environment import Environment
from infra.release.deploying.image_source import Repository
from infra.release.ledger.entry import Entry
from infra.release.tasks.schema import PROGRAM, Outlook, outlook, schema_needed_by, schema_of, schema_of_tags


def migration_outlook(environment: Environment, account: Account, image: str, entries: Sequence[Entry]) -> Outlook:
    """What an image of MLflow does to the schema.

    Args:
        environment: where it is going to run.
        account: the environment's own.
        image: repository and digest.
        entries: of the environment's ledger, the oldest first.

    Returns:
        The outlook; not knowing is said. An image that was deployed before tells by what it left then.

    Raises:
        InfraError: ECR did not answer.
    """
    found = Repository.of(environment, account, PROGRAM).find(image.rpartition("@")[2])
    wanted = schema_of_tags(found.tags) if found else ""
    return outlook(schema_of(entries), wanted or schema_needed_by(entries, image))
