"""Which artifact a path names: MLflow's own decoding and checks, so that both lanes mean the same key.

Source: mlflow 3.17.2, `mlflow/utils/uri.py`, `validate_path_is_safe`, `_decode`, `_escape_control_characters`.
"""

from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlparse, urlunparse

from gateway.errors import INVALID_PARAMETER_VALUE, GatewayError

_MOST_DECODINGS = 10
# S3: a key has at most 1,024 bytes.
_LONGEST_KEY = 1024


def safe_path(text: str) -> str:
    """The relative artifact path that MLflow understands by a path from a URL.

    Args:
        text: the path after the route, percent-decoded once, as MLflow's web frameworks hand it over.

    Returns:
        The path: decoded until it no longer changes, control characters escaped, never absolute, without "..".

    Raises:
        GatewayError: 400, as MLflow answers, for a path that could leave the destination.
    """
    path = _escaped(_decoded(text))
    if (
        "#" in path
        or urlparse(path).scheme == "file"  # MLflow would take the path out of the URI; no client sends one
        or ".." in path.split("/")
        or PureWindowsPath(path).is_absolute()
        or PurePosixPath(path).is_absolute()
    ):
        raise _invalid()
    return path


def object_key(prefix: str, path: str) -> str:
    """The S3 key of an artifact.

    Args:
        prefix: the destination's prefix, without slashes at its ends.
        path: from `safe_path`.

    Returns:
        A key that begins with the prefix and a slash. S3 keys are plain strings: nothing resolves "." in them.

    Raises:
        GatewayError: 400 where S3 could not hold the key.
    """
    key = f"{prefix}/{path}" if prefix else path
    if len(key.encode(errors="surrogatepass")) > _LONGEST_KEY:
        raise GatewayError(
            400, INVALID_PARAMETER_VALUE, f"The artifact's path is too long: S3 keys have at most {_LONGEST_KEY} bytes."
        )
    return key


def _decoded(url: str) -> str:
    try:
        for _ in range(_MOST_DECODINGS):
            parsed = urlunparse(urlparse(unquote(url)))
            if parsed == url:
                return url
            url = parsed
    except ValueError:  # e.g. "//[": MLflow answers 500 here
        raise _invalid() from None
    raise _invalid()


def _escaped(text: str) -> str:
    return "".join(f"%{ord(c):02x}" if ord(c) < 32 or ord(c) == 127 else c for c in text)


def _invalid() -> GatewayError:
    return GatewayError(400, INVALID_PARAMETER_VALUE, "Invalid path")
