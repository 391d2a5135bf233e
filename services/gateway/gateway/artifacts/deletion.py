"""Deleting an artifact, or everything below a folder, as MLflow does."""

import base64
import hashlib
from xml.sax.saxutils import escape

from gateway.artifacts.bodies import Buffered
from gateway.artifacts.listing import is_object, pages
from gateway.artifacts.signing import Call
from gateway.artifacts.store import ObjectStore, StoreError


async def delete(store: ObjectStore, key: str) -> None:
    """Delete the object of this key, and all below it.

    MLflow lists every key that begins like this one and skips what does not belong to it; here the siblings are not
    even listed. An object that does not exist is not asked to be deleted: a versioned bucket would keep a mark for it.

    Raises:
        StoreError: S3 refused or failed; some objects may be gone. MLflow does not look at refusals of single objects
            and answers 200.
    """
    key = key.rstrip("/")
    if await is_object(store, key):
        await _delete_keys(store, [key])
    async for page in pages(store, f"{key}/"):
        if page.objects:
            await _delete_keys(store, [name for name, _ in page.objects])


async def _delete_keys(store: ObjectStore, keys: list[str]) -> None:
    """At most 1,000 keys (docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html)."""
    items = "".join(f"<Object><Key>{_escaped(key)}</Key></Object>" for key in keys)
    body = f"<?xml version='1.0' encoding='UTF-8'?><Delete><Quiet>true</Quiet>{items}</Delete>".encode()
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    headers = {"Content-MD5": digest, "Content-Type": "application/xml"}
    document = (await store.call(Call("POST", query={"delete": ""}, headers=headers), Buffered(body))).xml()
    for refused in document.findall("Error"):
        code = refused.findtext("Code", "")
        raise StoreError(403 if code == "AccessDenied" else 500, code, refused.findtext("Message", ""))


def _escaped(key: str) -> str:
    # XML has no character below a space; a parser would make a line feed of a bare carriage return.
    return "".join(f"&#{ord(c)};" if ord(c) < 32 else escape(c) for c in key)
