"""What lies below a path: MLflow's listing, page by page, and the questions that S3's refusals leave open."""

import json
import posixpath
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from gateway.artifacts.paths import object_key
from gateway.artifacts.signing import Call
from gateway.artifacts.store import ObjectStore


@dataclass(frozen=True)
class Page:
    """One page of a listing.

    Args:
        objects: key and size in bytes, in S3's order.
        folders: prefixes that end in the delimiter.
    """

    objects: list[tuple[str, int]]
    folders: list[str]


async def pages(store: ObjectStore, prefix: str, *, delimiter: str = "", most: int = 1000) -> AsyncIterator[Page]:
    """All keys below a prefix (docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html).

    Args:
        store: the bucket.
        prefix: what the keys begin with. The task role may list below the artifact prefix only, slash included.
        delimiter: "/" to get folders instead of what lies in them.
        most: keys of a page.

    Raises:
        StoreError: S3 refused or failed.
    """
    query = {"list-type": "2", "prefix": prefix, "encoding-type": "url", "max-keys": str(most)}
    if delimiter:
        query["delimiter"] = delimiter
    while True:
        document = (await store.call(Call("GET", query=query))).xml()
        yield Page(
            [(_text(item, "Key"), int(item.findtext("Size", "0"))) for item in document.findall("Contents")],
            [_text(item, "Prefix") for item in document.findall("CommonPrefixes")],
        )
        token = document.findtext("NextContinuationToken")
        if document.findtext("IsTruncated") != "true" or not token:
            return
        query["continuation-token"] = token


async def listing(store: ObjectStore, root: str, path: str) -> bytes:
    """The answer of MLflow's `_list_artifacts_mlflow_artifacts` over `S3ArtifactRepository.list_artifacts`.

    Args:
        store: the bucket.
        root: prefix of the destination.
        path: relative path, empty for the root.

    Returns:
        JSON, byte for byte as MLflow writes it: names without their folder, in the order of their whole path, a size
        only where it is not zero, `{}` for nothing.
    """
    folder = (object_key(root, path) if path else root).rstrip("/")
    found: list[tuple[str, dict[str, object]]] = []
    async for page in pages(store, f"{folder}/" if folder else "", delimiter="/"):
        for prefix in page.folders:
            whole = _relative(prefix, root)
            found.append((whole, {"path": posixpath.basename(whole), "is_dir": True}))
        for key, size in page.objects:
            if size == 0 and key.endswith("/"):
                continue  # how some tools mark a folder
            whole = _relative(key, root)
            file: dict[str, object] = {"path": posixpath.basename(whole), "is_dir": False}
            found.append((whole, file | {"file_size": size} if size else file))
    files = [entry for _, entry in sorted(found, key=lambda item: item[0])]
    return json.dumps({"files": files} if files else {}, indent=2).encode()


async def is_object(store: ObjectStore, key: str) -> bool:
    """Whether this very key exists, by a listing: a HEAD may be refused for a missing key, a listing is not."""
    async for page in pages(store, key, most=1):
        return any(name == key for name, _ in page.objects)
    return False


async def is_folder(store: ObjectStore, key: str) -> bool:
    """Whether anything lies below a key."""
    async for page in pages(store, f"{key.rstrip('/')}/", most=1):
        return bool(page.objects)
    return False


def _text(item: ElementTree.Element, name: str) -> str:
    return unquote_plus(item.findtext(name, ""))


def _relative(key: str, root: str) -> str:
    # Absolute on both sides, or relpath would ask for the working directory.
    return posixpath.relpath(f"/{key}", f"/{root}")
