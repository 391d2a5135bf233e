"""The API keys that a verification asks with: from the process environment, or from one secret of the account."""

import json
from collections.abc import Mapping
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.account.inventory import Clients
from infra.errors import InfraError
from infra.verification.api_keys import Keys

# By their field in Keys.
VARIABLES: Final[Mapping[str, str]] = {
    "writing": "VERIFY_API_KEY",
    "reading": "VERIFY_READING_KEY",
    "legacy": "VERIFY_LEGACY_KEY",
    "foreign": "VERIFY_FOREIGN_KEY",
}
SECRET: Final = "VERIFY_SECRET"  # noqa: S105 - the name of a variable
_WAYS = (
    f"Set {VARIABLES['writing']} to an API key for `platform` with mlflow:read and mlflow:write, or {SECRET} to the "
    "name of a secret in the environment's account that holds it (docs/verifying.md)."
)


def read_keys(variables: Mapping[str, str], account: Clients) -> Keys:
    """Read the keys.

    Args:
        variables: of the process.
        account: where the secret is.

    Returns:
        The keys; those that are not given are "".

    Raises:
        InfraError: there is none to write with, it was given where others can read it, or the secret cannot be read.
    """
    shown = [name for name in VARIABLES.values() if f"{name}=" in variables.get("MAKEFLAGS", "")]
    if shown:
        raise InfraError(
            f"{shown[0]} was given on the command line, where every user of this machine can read it and a shell keeps "
            f"it. Take a new key, and export it: `export {shown[0]}=...`, then `make verify ENV=...`."
        )
    given = {field: variables.get(name, "").strip() for field, name in VARIABLES.items()}
    secret = variables.get(SECRET, "").strip()
    if secret and any(given.values()):
        told = next(VARIABLES[field] for field, key in given.items() if key)
        raise InfraError(f"Both {SECRET} and {told} are set: say one of them.")
    if secret:
        given = _of_secret(secret, account)
    if not given["writing"]:
        raise InfraError(f"There is no API key to verify with. {_WAYS}")
    unsendable = [VARIABLES[field] for field, key in given.items() if not (key.isascii() and key.isprintable())]
    if unsendable:
        raise InfraError(f"{unsendable[0]} holds characters that no API key has: copy it again.")
    return Keys(**given)


def _of_secret(name: str, account: Clients) -> dict[str, str]:
    try:
        value = account.client("secretsmanager").get_secret_value(SecretId=name)
    except (BotoCoreError, ClientError) as error:
        raise InfraError(f"The secret {name} ({SECRET}) cannot be read: {error}") from error
    text = str(value.get("SecretString", "")).strip()
    if not text.startswith("{"):
        return {field: text if field == "writing" else "" for field in VARIABLES}
    try:
        document = json.loads(text)
        unknown = sorted(set(document) - set(VARIABLES))
    except (ValueError, TypeError):
        # Without its cause, which holds the secret.
        raise InfraError(f"The secret {name} ({SECRET}) begins like JSON and is none.") from None
    if unknown or not all(isinstance(key, str) for key in document.values()):
        raise InfraError(
            f"The secret {name} ({SECRET}) must be an API key, or JSON with strings named {', '.join(VARIABLES)}."
        )
    return {field: document.get(field, "") for field in VARIABLES}
