"""What an artifact's name says about its content: the same types and headers that MLflow derives.

Source: mlflow 3.17.2, `mlflow/utils/mime_type_utils.py`, `_content_disposition_attachment` in
`mlflow/server/handlers.py` (with werkzeug's `quote_header_value`), `_upload_file` in
`mlflow/store/artifact/s3_artifact_repo.py`.
"""

import posixpath
import unicodedata
from mimetypes import guess_type
from urllib.parse import quote

_TEXT = frozenset(
    {"txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon", "toml", "yaml", "yml"}
    | {"xml", "json", "js", "py", "py3", "csv", "tsv", "md", "rst", "ipynb", "MLmodel", "MLproject"}
)
_TOKEN = frozenset("!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~")


def download_headers(path: str) -> dict[str, str]:
    """Headers of a download that depend on the name alone. Always an attachment: a browser must not run it."""
    return {
        "Content-Type": _shown_type(posixpath.basename(path)),
        "Content-Disposition": _attachment(posixpath.basename(path)),
        "X-Content-Type-Options": "nosniff",
    }


def stored_headers(path: str) -> dict[str, str]:
    """Headers that MLflow lets S3 keep with an object, guessed by its name."""
    kind, encoding = guess_type(f"/{posixpath.basename(path)}")
    return {
        name: value for name, value in (("Content-Type", kind), ("Content-Encoding", encoding)) if value is not None
    }


def _shown_type(name: str) -> str:
    extension = posixpath.splitext(name)[1].replace(".", "") or name
    if extension in _TEXT:
        return "text/plain"
    return guess_type(name)[0] or "application/octet-stream"


def _attachment(name: str) -> str:
    if name.isascii():
        return f"attachment; filename={_quoted(name)}"
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii") or "download"
    extended = quote(name, safe="!#$&+-.^_`|~")
    return f"attachment; filename={_quoted(ascii_name)}; filename*=UTF-8''{extended}"


def _quoted(value: str) -> str:
    if value and _TOKEN.issuperset(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
