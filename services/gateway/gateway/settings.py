"""Everything that the gateway can be told, from the environment: name, meaning, default and check of each setting."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Literal, cast, get_args

from gateway import setting_values as values

Transfer = Literal["proxied", "presigned"]
Lane = Literal["mlflow", "direct"]


class SettingsError(Exception):
    """A setting is missing or wrong. The message names it and says what it must be, one line a setting."""


def _setting(about: str, parse: Callable[[str], Any], default: str | Callable[[], str] | None = None) -> dict[str, Any]:
    return {"about": about, "parse": parse, "default": default}


@dataclass(frozen=True)
class Settings:
    """The gateway's settings. Each is the environment variable of the same name in capitals."""

    environment: str = field(metadata=_setting("environment's name, in metrics and logs", values.name))
    public_host: str = field(metadata=_setting("host name that clients use; redirects point there", values.host))
    mlflow_server_url: values.Service = field(metadata=_setting("where MLflow listens", values.service))
    auth_service_url: values.Service = field(metadata=_setting("where the auth service listens", values.service))
    auth_service_id: str = field(metadata=_setting("service that a key must be issued for", values.name, "platform"))
    auth_default_scopes: frozenset[str] = field(
        metadata=_setting("scopes of a key that carries none", values.scopes, "")
    )
    legacy_service_id_until: date | None = field(
        metadata=_setting("last day on which keys for ml-platform work", values.day, "")
    )
    listen_address: str = field(metadata=_setting("address to listen on", values.address, "0.0.0.0"))  # noqa: S104 # a container's own
    port: int = field(metadata=_setting("port to listen on; 0 takes a free one", values.whole(0, 65535), "8001"))
    workers: int = field(metadata=_setting("processes", values.whole(1, 256), lambda: str(values.cores())))
    keep_alive_seconds: float = field(
        metadata=_setting("how long an idle client connection stays open", values.seconds(0.1, 4000), "90")
    )
    drain_seconds: float = field(
        metadata=_setting("how long running requests may take after SIGTERM", values.seconds(0, 3600), "110")
    )
    artifact_transfer: Transfer = field(
        metadata=_setting(
            "whether clients get artifacts through the gateway only, or from S3 by presigned URLs",
            values.one_of(*get_args(Transfer)),
            "proxied",
        )
    )
    artifact_lane: Lane = field(
        metadata=_setting(
            "who serves artifacts: MLflow, or the gateway from S3", values.one_of(*get_args(Lane)), "mlflow"
        )
    )
    max_body_bytes: int = field(
        metadata=_setting("largest request body of an API call", values.whole(1, 2**40), str(64 * 2**20))
    )
    max_artifact_bytes: int = field(
        metadata=_setting("largest artifact in one upload", values.whole(1, 2**50), str(100 * 2**30))
    )
    max_header_bytes: int = field(
        metadata=_setting("longest request line, and longest header", values.whole(512, 2**16), "16384")
    )
    max_connections: int = field(metadata=_setting("client connections of one worker", values.whole(1, 10**6), "4096"))
    max_in_flight_per_key: int = field(
        metadata=_setting("requests of one key at a time in one worker", values.whole(1, 10**6), "128")
    )
    header_timeout_seconds: float = field(
        metadata=_setting("for a client to send a request's head", values.seconds(0.1, 600), "15")
    )
    body_idle_seconds: float = field(
        metadata=_setting("without a byte of a body, either way", values.seconds(0.1, 3600), "60")
    )
    auth_timeout_seconds: float = field(
        metadata=_setting("for an answer of the auth service", values.seconds(0.05, 60), "3")
    )
    auth_cache_seconds: float = field(
        metadata=_setting("a valid key is not asked about again", values.seconds(0, 3600), "60")
    )
    auth_negative_cache_seconds: float = field(
        metadata=_setting("a refused key is not asked about again", values.seconds(0, 600), "5")
    )
    auth_cache_entries: int = field(metadata=_setting("keys remembered by one worker", values.whole(1, 10**6), "10000"))
    upstream_connections: int = field(
        metadata=_setting("connections of one worker to MLflow", values.whole(1, 10**5), "256")
    )
    upstream_connect_seconds: float = field(
        metadata=_setting("to connect to MLflow, retries included", values.seconds(0.05, 60), "5")
    )
    upstream_response_seconds: float = field(
        metadata=_setting("until MLflow begins its answer", values.seconds(0.05, 3600), "55")
    )
    artifact_response_seconds: float = field(
        metadata=_setting(
            "the same for artifacts: MLflow spools a file before its first byte", values.seconds(0.05, 7200), "900"
        )
    )
    health_cache_seconds: float = field(
        metadata=_setting("a health check is not made again", values.seconds(0, 600), "5")
    )
    metrics_seconds: float = field(metadata=_setting("between two lines of metrics", values.seconds(0.05, 600), "15"))


@dataclass(frozen=True)
class Row:
    """A setting as `gateway config` lists it."""

    name: str
    value: str
    source: str
    about: str


def load(environ: Mapping[str, str]) -> Settings:
    """Read and check the settings.

    Raises:
        SettingsError: one line for each setting that is missing or wrong.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for item in fields(Settings):
        name = item.name.upper()
        text, _ = _text(item.metadata, environ, name)
        if text is None:
            problems.append(f"{name} is not set: {item.metadata['about']}")
            continue
        try:
            values[item.name] = item.metadata["parse"](text)
        except ValueError as error:
            problems.append(f"{name}={_without_password(text)!r} {error}")
    if problems:
        raise SettingsError("\n".join(problems))
    return Settings(**values)


def rows(environ: Mapping[str, str]) -> list[Row]:
    """All settings with value and source, also those that are missing or wrong."""
    found = []
    for item in fields(Settings):
        name = item.name.upper()
        text, source = _text(item.metadata, environ, name)
        found.append(Row(name, _without_password(text or ""), source, item.metadata["about"]))
    return found


def _text(metadata: Mapping[str, Any], environ: Mapping[str, str], name: str) -> tuple[str | None, str]:
    if name in environ:
        return environ[name], "environment"
    default = metadata["default"]
    if default is None:
        return None, "missing"
    return cast(str, default() if callable(default) else default), "default"


def _without_password(text: str) -> str:
    """A URL with credentials is refused at start, but must not be printed by the command that explains why."""
    return re.sub(r"//[^/@]*@", "//***@", text)
