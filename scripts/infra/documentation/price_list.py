"""The list prices that docs/cost.md multiplies, each with where and when it was read."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from infra.errors import InfraError

_DAY = re.compile(r"20\d\d(-\d\d-\d\d)?")
_KEYS = {"usd", "unit", "source", "why", "grows"}
FILE = Path(__file__).with_name("prices.yaml")


@dataclass(frozen=True)
class Source:
    """Where a price was read.

    Args:
        url: of the page or file.
        read: the day that it is of, or the year where it names no day.
    """

    url: str
    read: str


@dataclass(frozen=True)
class Price:
    """One price.

    Args:
        usd: US dollars for one unit; None where no source could be trusted.
        unit: as in "GB-month".
        source: key of the source; "" where there is no price.
        why: why there is no price; "" where there is one.
        grows: what makes it more; "" for what does not depend on traffic.
    """

    usd: Decimal | None
    unit: str
    source: str
    why: str
    grows: str


@dataclass(frozen=True)
class PriceList:
    """All prices.

    Args:
        region: they are of.
        sources: by key.
        fixed: by driver, for what is there without a request.
        traffic: by driver.
    """

    region: str
    sources: dict[str, Source]
    fixed: dict[str, Price]
    traffic: dict[str, Price]


def price_list(file: Path = FILE) -> PriceList:
    """Read the prices.

    Args:
        file: where they are.

    Returns:
        The list.

    Raises:
        InfraError: a price is no positive number, has no known source, or neither a price nor a reason.
    """
    document = yaml.safe_load(file.read_text())
    sources = {key: Source(each["url"], each["read"]) for key, each in document["sources"].items()}
    if no_day := [key for key, each in sources.items() if not _DAY.fullmatch(str(each.read))]:
        raise InfraError(f'{file.name}: {", ".join(no_day)} must say in `read` of which day it is, as in "2026-01-31".')
    return PriceList(
        region=document["region"],
        sources=sources,
        fixed={key: _price(key, each, sources, file) for key, each in document["fixed"].items()},
        traffic={key: _price(key, each, sources, file) for key, each in document["traffic"].items()},
    )


def _price(name: str, entry: dict[str, Any], sources: dict[str, Source], file: Path) -> Price:
    where = f"{file.name}: {name}"
    if unknown := entry.keys() - _KEYS:
        raise InfraError(
            f"{where} has {', '.join(sorted(unknown))}, which is nothing (a text with commas needs quotes)."
        )
    price = Price(
        usd=_dollars(where, entry["usd"]),
        unit=entry["unit"],
        source=entry.get("source", ""),
        why=entry.get("why", ""),
        grows=entry.get("grows", ""),
    )
    if price.usd is None and not price.why:
        raise InfraError(f"{where} has no price, so it must say why.")
    if price.usd is not None and price.source not in sources:
        raise InfraError(f"{where} must name one of the sources, and names {price.source or 'none'}.")
    return price


def _dollars(where: str, written: str | None) -> Decimal | None:
    if written is None:
        return None
    try:
        usd = Decimal(written)
    except InvalidOperation as error:
        raise InfraError(f"{where}: {written} is no price.") from error
    if not usd > 0:
        raise InfraError(f"{where}: a price is more than 0, not {written}.")
    return usd
