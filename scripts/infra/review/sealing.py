"""A saved plan, sealed: kept where others can read, opened only by the job that may apply it.

A plan file holds the whole state with its secrets, and whoever may read the repository may download its artifacts. So
the plan is encrypted to a key whose public half lies in the repository and whose private half is a secret of the GitHub
environment that protects applies: the job that plans can seal and not open. Sealing proves nothing about who sealed;
that the plan is the reviewed one is proved by its digest when it is opened.

Source: RFC 9180 (HPKE, base mode; X25519, HKDF-SHA256, AES-256-GCM), as the package `cryptography` has it.
"""

import base64
import io
import zipfile

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from infra.environment import Environment
from infra.errors import InfraError
from infra.terraform.saved_plan import PlanFiles

PUBLIC_KEY = "plan-key.pub"
_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_MOST_BYTES = 500 * 1024 * 1024


def new_key() -> tuple[str, str]:
    """Make a pair of keys.

    Returns:
        The private and the public half, each in base64.
    """
    private = X25519PrivateKey.generate()
    return base64.b64encode(private.private_bytes_raw()).decode(), base64.b64encode(
        private.public_key().public_bytes_raw()
    ).decode()


def seal(environment: Environment, commit: str) -> bytes:
    """Seal the saved plan of an environment.

    Args:
        environment: whose plan, and whose key.
        commit: that it was made from; opening it for another commit or environment fails.

    Returns:
        The sealed plan.

    Raises:
        InfraError: the environment has no key, or it cannot be read.
    """
    path = environment.folder / PUBLIC_KEY
    if not path.exists():
        raise InfraError(
            f"environments/{environment.name}/{PUBLIC_KEY} is missing: a plan holds secrets and is kept sealed only. "
            f"Make a key once: `infra delivery key --env {environment.name}`."
        )
    try:
        key = X25519PublicKey.from_public_bytes(base64.b64decode(path.read_text().strip(), validate=True))
    except ValueError as error:
        raise InfraError(f"environments/{environment.name}/{PUBLIC_KEY} is no key: {error}.") from error
    files = PlanFiles(environment.build)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as content:
        for file in (files.plan, files.document, files.record):
            content.write(file, file.name)
    return bytes(_SUITE.encrypt(archive.getvalue(), key, info=_bound_to(environment.name, commit)))


def unseal(sealed: bytes, environment: Environment, commit: str, private_key: str) -> dict[str, bytes]:
    """Open a sealed plan.

    Args:
        sealed: the sealed plan.
        environment: that it must be for.
        commit: that it must be made from.
        private_key: the private half of the environment's key, in base64.

    Returns:
        Name -> content of plan file, plan JSON and record.

    Raises:
        InfraError: another key, environment or commit, or the plan was changed. Nothing of it is told.
    """
    try:
        key = X25519PrivateKey.from_private_bytes(base64.b64decode(private_key.strip(), validate=True))
    except ValueError as error:
        raise InfraError("PLAN_KEY is no private key; `infra delivery key` makes a pair.") from error
    try:
        content = _SUITE.decrypt(sealed, key, info=_bound_to(environment.name, commit))
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = PlanFiles(environment.build)
            names = {file.name for file in (files.plan, files.document, files.record)}
            if {*archive.namelist()} != names or sum(each.file_size for each in archive.infolist()) > _MOST_BYTES:
                raise InfraError("The sealed plan does not hold exactly plan file, JSON and record.")
            return {name: archive.read(name) for name in names}
    except (InvalidTag, ValueError, zipfile.BadZipFile) as error:
        raise InfraError(
            f"The sealed plan cannot be opened: it was changed, or it is not one of {environment.name} at commit "
            f"{commit[:12]} for this key. Run the workflow `plan` of the pull request again."
        ) from error


def _bound_to(environment: str, commit: str) -> bytes:
    return f"hokusai plan {environment} {commit}".encode()
