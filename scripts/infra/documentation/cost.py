"""docs/cost.md: what each environment costs a month, from its plan and the list prices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from infra.console import say
from infra.documentation.cost_drivers import Driver, drivers
from infra.documentation.generated import with_parts
from infra.documentation.planned import unplanned
from infra.documentation.price_list import Price, PriceList, price_list
from infra.errors import InfraError
from infra.repository import ROOT
from infra.terraform.plan_json import Plan

PAGE = ROOT / "docs" / "cost.md"
_NO_PRICE = Price(usd=None, unit="", source="", why="no source was found that could be trusted", grows="")


@dataclass(frozen=True)
class Line:
    """A driver with its price.

    Args:
        driver: what is paid for.
        price: of one unit.
    """

    driver: Driver
    price: Price

    @property
    def usd(self) -> Decimal | None:
        """US dollars a month; None without a price."""
        return None if self.price.usd is None else self.driver.quantity * self.price.usd


def write_cost(plans: Mapping[str, Plan]) -> None:
    """Write docs/cost.md, where there are plans of all environments.

    Args:
        plans: by environment.

    Raises:
        InfraError: a plan has something of which nobody has said yet whether it costs something, or the prices are
            not complete.
    """
    if missing := unplanned(plans):
        say(f"docs/cost.md is as it was: it is made from plans, so run {missing} first.")
        return
    PAGE.write_text(cost(plans))
    say(f"Wrote {PAGE.relative_to(ROOT)}.")


def cost(plans: Mapping[str, Plan]) -> str:
    """The document.

    Args:
        plans: of all environments.

    Returns:
        The whole page.

    Raises:
        InfraError: as for `write_cost`.
    """
    prices = price_list()
    regions = {name: plan.document["variables"]["region"]["value"] for name, plan in plans.items()}
    if elsewhere := [name for name, region in regions.items() if region != prices.region]:
        raise InfraError(f"The prices are of {prices.region}, and {', '.join(elsewhere)} is elsewhere.")
    priced = {name: _priced(plan, prices) for name, plan in sorted(plans.items())}
    return with_parts(
        PAGE,
        {
            "sums": _sums(priced),
            "environments": "\n".join(
                f"## {name.capitalize()}\n\n{_environment(lines)}" for name, lines in priced.items()
            ),
            "traffic": _traffic(prices),
            "sources": _sources(prices),
        },
    )


def _priced(plan: Plan, prices: PriceList) -> list[Line]:
    return [Line(driver, prices.fixed.get(driver.what, _NO_PRICE)) for driver in drivers(plan)]


def total(lines: Iterable[Line]) -> Decimal:
    """The sum of what has a price.

    Args:
        lines: of an environment.

    Returns:
        US dollars a month.
    """
    return sum((line.usd for line in lines if line.usd is not None), Decimal(0))


def _sums(priced: Mapping[str, list[Line]]) -> str:
    rows = ["| environment | a month | not in the sum |\n|---|---|---|\n"]
    for name, lines in priced.items():
        without = "; ".join(dict.fromkeys(line.driver.what for line in lines if line.usd is None)) or "nothing"
        rows.append(f"| {name} | ${total(lines):,.0f} | {without} |\n")
    return "".join(rows)


def _environment(lines: list[Line]) -> str:
    whole = total(lines)
    rows = ["| what | which | quantity | for one | a month | share |\n|---|---|---|---|---|---|\n"]
    for line in sorted(lines, key=lambda each: (each.usd is None, -(each.usd or 0))):
        quantity = f"{line.driver.quantity.normalize():,f} {line.price.unit}".strip()
        if line.usd is None:
            rows.append(f"| {line.driver.what} | {line.driver.where} | {quantity} | {line.price.why} |  |  |\n")
            continue
        share = f"{100 * line.usd / whole:.0f} %"
        each = f"${line.price.usd}"
        rows.append(
            f"| {line.driver.what} | {line.driver.where} | {quantity} | {each} | ${line.usd:,.2f} | {share} |\n"
        )
    return "".join([*rows, f"| **together** |  |  |  | **${whole:,.2f}** |  |\n"])


def _traffic(prices: PriceList) -> str:
    rows = ["| what | for one | what makes it more |\n|---|---|---|\n"]
    for name, price in prices.traffic.items():
        each = f"${price.usd} a {price.unit}" if price.usd is not None else f"{price.unit}: no price ({price.why})"
        rows.append(f"| {name} | {each} | {price.grows} |\n")
    return "".join(rows)


def _sources(prices: PriceList) -> str:
    used: dict[str, list[str]] = {}
    for name, price in [*prices.fixed.items(), *prices.traffic.items()]:
        if price.source:
            used.setdefault(price.source, []).append(name)
    rows = [
        f"| {'; '.join(names)} | {prices.sources[key].read} | <{prices.sources[key].url}> |\n"
        for key, names in used.items()
    ]
    return "".join(["| prices of | as of | read at |\n|---|---|---|\n", *rows])
