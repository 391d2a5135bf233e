"""What the text of a setting may be. Each function raises ValueError that says what the text must be."""

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class Service:
    """Where another service listens: in plain HTTP, within the private network.

    Args:
        host: name or address to connect to.
        port: TCP port.
        authority: what goes into `Host`: MLflow compares it with its allowed hosts, port included.
    """

    host: str
    port: int
    authority: str


def service(text: str) -> Service:
    """`http://host:port`: another service."""
    shape = re.fullmatch(r"http://([A-Za-z0-9.-]+)(?::(\d{1,5}))?/?", text)
    if shape is None:
        raise ValueError("must be http://host:port, without path or credentials")
    host, port = shape.groups()
    return Service(host, int(port or 80), host if port is None else f"{host}:{port}")


def host(text: str) -> str:
    """A host name, in lower case."""
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:\d+)?", text):
        raise ValueError("must be a host name")
    return text.lower()


def name(text: str) -> str:
    """A name that may stand in metrics and logs."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+", text):
        raise ValueError("may hold letters, digits, dots, dashes and underscores")
    return text


def address(text: str) -> str:
    """An IP address."""
    if not re.fullmatch(r"[0-9A-Fa-f.:]+", text):
        raise ValueError("must be an IP address to listen on")
    return text


def scopes(text: str) -> frozenset[str]:
    """Scopes, separated by commas."""
    scopes = frozenset(part.strip() for part in text.split(",") if part.strip())
    unknown = scopes - {"mlflow:read", "mlflow:write"}
    if unknown:
        raise ValueError("may hold mlflow:read and mlflow:write, separated by a comma")
    return scopes


def day(text: str) -> date | None:
    """A day, or None for an empty text."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError("must be a date like 2026-12-31, or empty") from None


def whole(least: int, most: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"\d{1,15}", text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return parse


def seconds(least: float, most: float) -> Callable[[str], float]:
    """A number of seconds within bounds."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise ValueError(f"must be a number of seconds from {least:g} to {most:g}")
        return value

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """One of these words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of: {', '.join(choices)}")
        return text

    return parse


def cores() -> int:
    """Cores that this task may use: its affinity, or its share of the host where a container has less."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, round(int(quota) / int(period))))
