"""Images in the repositories of an emulated account."""

import hashlib
import json

from infra.account.emulated import EmulatedAccount


def push(account: EmulatedAccount, program: str, text: str, tag: str = "") -> str:
    """Put an image into a program's repository.

    Args:
        account: where.
        program: as in "gateway".
        text: what makes it another image.
        tag: of it.

    Returns:
        Its digest: that of its manifest, which ECR computes and moto takes as it is given.
    """
    layer = {"digest": "sha256:" + hashlib.sha256(text.encode()).hexdigest(), "size": 1, "mediaType": "l"}
    media_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": media_type, "layers": [layer]})
    digest = "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
    account.client("ecr").put_image(
        repositoryName=f"hokusai/{program}",
        imageManifest=manifest,
        imageDigest=digest,
        **({"imageTag": tag} if tag else {}),
    )
    return digest
