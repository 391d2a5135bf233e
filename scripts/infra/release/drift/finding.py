"""What drift consists of, as data: what the reports, the exit code and `make adopt` are made from."""

from dataclasses import dataclass
from enum import StrEnum

from infra.review.model import AttributeChange, Severity


class Rule(StrEnum):
    """What a finding is an example of."""

    GONE = "gone"
    CHANGED = "changed"
    PART = "part"
    UNOWNED = "unowned"
    RUNNING = "running"
    VERSION = "version"
    REVISION = "revision"
    EXPIRES = "expires"


TITLES = {
    Rule.GONE: "Gone from the account",
    Rule.CHANGED: "Changed outside Terraform",
    Rule.PART: "Added by hand to what Terraform owns",
    Rule.UNOWNED: "The platform's by tags, name or place, and in no state",
    Rule.RUNNING: "Not the task definition of the state",
    Rule.VERSION: "Not the version that the ledger records",
    Rule.REVISION: "Task definition registered by hand",
    Rule.EXPIRES: "About to expire",
}


@dataclass(frozen=True)
class DriftFinding:
    """One thing that is not as it should be.

    Args:
        rule: what it is an example of.
        severity: how bad it is.
        what: the fact, in a sentence.
        where: ARN, id or name that finds it in the account.
        todo: what to do next, in a sentence or two.
        address: of Terraform, where it or its owner has one; "" for none.
        since: when that happened, UTC, ISO 8601, as far as the account says; "" where it does not.
        by: who did it, as far as the account says; "" where it does not.
        type: Terraform's type of it, for what is in no state; "" where Terraform has none.
        import_id: what Terraform would import it by; "" where it cannot.
        attributes: what differs, without secrets.
    """

    rule: Rule
    severity: Severity
    what: str
    where: str
    todo: str
    address: str = ""
    since: str = ""
    by: str = ""
    type: str = ""
    import_id: str = ""
    attributes: tuple[AttributeChange, ...] = ()


@dataclass(frozen=True)
class Failure:
    """A part of the examination that could not be done, which is never the same as nothing found.

    Args:
        part: of the examination, in a few words.
        message: why, and what to do.
    """

    part: str
    message: str


@dataclass(frozen=True)
class DriftReport:
    """What an examination found.

    Args:
        environment: its name.
        account: one line that says which account, as every command prints it.
        examined: when, UTC, ISO 8601.
        parts: the parts of the examination, in their order; those that failed too.
        findings: the worst first.
        failures: what could not be examined.
    """

    environment: str
    account: str
    examined: str
    parts: tuple[str, ...]
    findings: tuple[DriftFinding, ...]
    failures: tuple[Failure, ...]

    @property
    def exit_code(self) -> int:
        """1 when a part could not be examined, 2 when drift was found, else 0."""
        return 1 if self.failures else 2 if self.findings else 0


def in_order(findings: list[DriftFinding]) -> tuple[DriftFinding, ...]:
    """Findings in the order of every report.

    Args:
        findings: in any order.

    Returns:
        The worst first, then by rule and place; what says exactly the same once.
    """
    rank = {rule: number for number, rule in enumerate(Rule)}
    distinct = dict.fromkeys(findings)
    return tuple(sorted(distinct, key=lambda each: (each.severity.rank, rank[each.rule], each.where, each.what)))
