"""Reading environments/<env>/gates.yaml and acknowledgements.yaml.

Every entry is known, typed and said once: a mistyped name must not open a gate without anybody seeing it.
"""

import re
from collections.abc import Callable, Hashable, Mapping
from datetime import time, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from infra.errors import InfraError
from infra.review.approval import Person
from infra.review.gates import Acknowledgement, Gates, Hours, Requirement
from infra.review.model import Risk, Severity

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GATES = {"requirements", "findings", "clean_commit", "plan_max_age_hours", "hours", "emergency_rollback", "approvers"}
_NOT_RISKS = {"destroy", "unknown-access"}
_PERSON = {"name", "github", "aws_user_id", "aws_arn", "emails"}
_LONGEST_HOURS = 31 * 24
_Kind = TypeVar("_Kind", bound=StrEnum)


class _OnceLoader(yaml.SafeLoader):
    """YAML in which a name that stands twice is an error; PyYAML lets the last one win."""


def _mapping(loader: _OnceLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    names = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"{', '.join(twice)} stands twice", node.start_mark)
    return loader.construct_mapping(node, deep=True)


_OnceLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def parse_gates(text: str, environment: str) -> Gates:
    """Gates from their file.

    Args:
        text: the YAML.
        environment: whose.

    Returns:
        The gates.

    Raises:
        InfraError: not YAML, an entry that is unknown, missing, of the wrong type or said twice; says which and where.
    """
    where = f"environments/{environment}/gates.yaml"
    content = _object(_load(text, where), where, _GATES)
    requirements = _object(content["requirements"], f"{where}: requirements", {*Risk, *_NOT_RISKS})
    needed = {
        name: _one_of(Requirement, value, f"{where}: requirements.{name}") for name, value in requirements.items()
    }
    clean = content["clean_commit"]
    if not isinstance(clean, bool):
        raise _wrong(f"{where}: clean_commit", clean, "true or false")
    age = content["plan_max_age_hours"]
    if isinstance(age, bool) or not isinstance(age, int) or not 0 < age <= _LONGEST_HOURS:
        raise _wrong(f"{where}: plan_max_age_hours", age, f"a whole number of hours, 1 to {_LONGEST_HOURS}")
    return Gates(
        environment=environment,
        risks={risk: needed[risk] for risk in Risk},
        destroy=needed["destroy"],
        unknown_access=needed["unknown-access"],
        findings=_one_of(Severity, content["findings"], f"{where}: findings"),
        clean_commit=clean,
        plan_max_age=timedelta(hours=age),
        hours=_hours(content["hours"], f"{where}: hours"),
        emergency_rollback=_emergency(content["emergency_rollback"], f"{where}: emergency_rollback"),
        approvers=_persons(content["approvers"], f"{where}: approvers"),
    )


def parse_acknowledgements(text: str, environment: str) -> tuple[Acknowledgement, ...]:
    """Acknowledgements from their file.

    Args:
        text: the YAML: a list, which may be empty.
        environment: whose.

    Returns:
        The acknowledgements, also those of plans that are long gone.

    Raises:
        InfraError: not YAML, or an entry that lacks something; says which and where.
    """
    where = f"environments/{environment}/acknowledgements.yaml"
    found = []
    for number, entry in enumerate(_list(_load(text, where), where), 1):
        place = f"{where}: entry {number}"
        fields = _object(entry, place, {"address", "digest", "who", "why"})
        texts = {name: _text(value, f"{place}: {name}") for name, value in fields.items()}
        if not re.fullmatch(r"[0-9a-f]{64}", texts["digest"]):
            raise _wrong(f"{place}: digest", texts["digest"], "the whole digest that `make plan` printed")
        found.append(Acknowledgement(**texts))
    return tuple(found)


def _load(text: str, where: str) -> object:
    try:
        return yaml.load(text, Loader=_OnceLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise InfraError(f"{where} is not valid YAML: {error}. Mend that line, then run the command again.") from error


def _object(value: object, where: str, names: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(where, value, f"entries {', '.join(sorted(names))}")
    unknown = sorted(str(name) for name in value if name not in names)
    missing = sorted(names - value.keys())
    if unknown or missing:
        problems = [
            f"{text} {', '.join(each)}" for text, each in (("unknown:", unknown), ("missing:", missing)) if each
        ]
        raise InfraError(f"{where} has the wrong entries ({'; '.join(problems)}). It takes {', '.join(sorted(names))}.")
    return {str(name): entry for name, entry in value.items()}


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise _wrong(where, value, "a list, [] for none")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(where, value, "text")
    return value.strip()


def _one_of(kind: type[_Kind], value: object, where: str) -> _Kind:
    if value not in list(kind):
        raise _wrong(where, value, f"one of {', '.join(kind)}")
    return kind(str(value))


def _hours(value: object, where: str) -> Hours | None:
    if value == "any":
        return None
    fields = _object(value, where, {"days", "from", "to", "time_zone"})
    days = _list(fields["days"], f"{where}.days")
    if not days or any(day not in _DAYS for day in days):
        raise _wrong(f"{where}.days", days, f"a list of {', '.join(_DAYS)}")
    name = _text(fields["time_zone"], f"{where}.time_zone")
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _wrong(
            f"{where}.time_zone", name, 'a time zone that this machine knows, as in "Europe/Berlin"'
        ) from error
    start, end = _time(fields["from"], f"{where}.from"), _time(fields["to"], f"{where}.to")
    if not start < end:
        raise _wrong(f"{where}.to", fields["to"], f"later than {fields['from']} on the same day")
    return Hours(frozenset(_DAYS.index(str(day)) for day in days), start, end, zone)


def _emergency(value: object, where: str) -> Requirement:
    needed = _one_of(Requirement, value, where)
    if needed is Requirement.ACKNOWLEDGEMENT:  # its digest would have to be committed, and is only known afterwards
        raise _wrong(where, value, "none, one-approval, two-approvals, or forbidden where there is no such path")
    return needed


def _time(value: object, where: str) -> time:
    # Without quotes YAML reads 16:30 as the number 990.
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise _wrong(where, value, 'a time in quotes, as in "16:30"')
    return time.fromisoformat(value)


def _persons(value: object, where: str) -> tuple[Person, ...]:
    persons = []
    for number, entry in enumerate(_list(value, where), 1):
        place = f"{where}: entry {number}"
        fields = _object(entry, place, _PERSON)
        optional = {
            name: "" if fields[name] == "" else _text(fields[name], f"{place}.{name}")
            for name in ("github", "aws_user_id", "aws_arn")
        }
        if bool(optional["aws_user_id"]) != bool(optional["aws_arn"]):
            raise InfraError(f"{place} has one of aws_user_id and aws_arn: `aws sts get-caller-identity` prints both.")
        if not optional["github"] and not optional["aws_user_id"]:
            raise InfraError(f"{place} can approve nowhere: it needs github, or aws_user_id and aws_arn.")
        emails = [_text(email, f"{place}.emails") for email in _list(fields["emails"], f"{place}.emails")]
        if not emails:
            raise _wrong(f"{place}.emails", emails, "the addresses in the person's commits: nobody approves their own")
        persons.append(Person(name=_text(fields["name"], f"{place}.name"), emails=frozenset(emails), **optional))
    _require_unique(persons, where)
    return tuple(persons)


def _require_unique(persons: list[Person], where: str) -> None:
    """One person under two names would be two approvals."""
    identities: tuple[tuple[str, Callable[[Person], list[str]]], ...] = (
        ("name", lambda person: [person.name]),
        ("github", lambda person: [person.github]),
        ("aws_user_id", lambda person: [person.aws_user_id]),
        ("aws_arn", lambda person: [person.aws_arn]),
        ("emails", lambda person: sorted(person.emails)),
    )
    for name, of in identities:
        values = [value.casefold() for person in persons for value in of(person) if value]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise InfraError(f"{where}: {name} {', '.join(twice)} stands twice; one person must be one entry.")


def _wrong(where: str, value: object, expected: str) -> InfraError:
    return InfraError(f"{where} is {value!r}, but must be {expected}.")
