"""What ends by itself: certificates, keys that are to be deleted, a promise to clients."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from infra.environment import Environment
from infra.errors import InfraError
from infra.release.drift.finding import DriftFinding, Rule
from infra.release.drift.owned import Owned
from infra.release.drift.reader import Reader
from infra.review.model import Severity

# From here on it is an emergency.
_URGENT = timedelta(days=7)
_RDS = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL-certificate-rotation.html"


def expiring(
    reader: Reader, owned: Owned, environment: Environment, now: datetime, days: int
) -> Iterator[DriftFinding]:
    """What ends within some days.

    Args:
        reader: asks the account.
        owned: the states.
        environment: for what it promised to clients.
        now: the time.
        days: how long before its end something is told.

    Yields:
        A finding each.

    Raises:
        InfraError: a call was denied or not answered, or a date cannot be read.
    """
    until = now + timedelta(days=days)
    yield from _certificates(reader, owned, now, until)
    yield from _keys(reader, owned)
    yield from _databases(reader, owned, now, until)
    yield from _old_service_id(environment, now, until)


def _certificates(reader: Reader, owned: Owned, now: datetime, until: datetime) -> Iterator[DriftFinding]:
    used: dict[str, str] = {}
    for listener in owned.of_type("aws_lb_listener"):
        if listener["certificate_arn"]:
            used.setdefault(listener["certificate_arn"], listener.address)
    for arn, address in used.items():
        about = reader.call("acm", "describe_certificate", CertificateArn=arn)["Certificate"]
        ends = about.get("NotAfter")
        renews = about.get("Type") == "AMAZON_ISSUED"
        if about["Status"] != "ISSUED":
            what = f"The certificate of {about['DomainName']} is {about['Status']}."
        elif ends is not None and ends <= until:
            what = f"The certificate of {about['DomainName']} ends {_when(ends, now)}."
        else:
            continue
        yield DriftFinding(
            rule=Rule.EXPIRES,
            severity=Severity.CRITICAL if ends is None or ends - now <= _URGENT else Severity.HIGH,
            what=what,
            where=arn,
            todo=(
                "ACM renews it by itself 60 days before, where its validation record is still in the zone: put that "
                "record back."
                if renews
                else "It was imported, so nobody renews it: import its successor under the same ARN."
            ),
            address=address,
        )


def _keys(reader: Reader, owned: Owned) -> Iterator[DriftFinding]:
    for held in owned.of_type("aws_kms_key"):
        about = reader.call("kms", "describe_key", KeyId=held["arn"])["KeyMetadata"]
        if about["KeyState"] in ("PendingDeletion", "Disabled"):
            ends = about.get("DeletionDate")
            when = f" and is deleted at {ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if ends else ""
            enable = f"aws kms enable-key --key-id {held['key_id']}"
            undo = (
                f"`aws kms cancel-key-deletion --key-id {held['key_id']}`, then `{enable}`" if ends else f"`{enable}`"
            )
            yield DriftFinding(
                rule=Rule.EXPIRES,
                severity=Severity.CRITICAL,
                what=f"The key is {about['KeyState']}{when}: what it encrypts cannot be read, afterwards never again.",
                where=held["arn"],
                todo=f"{undo}. Find out who did it: CloudTrail has it.",
                address=held.address,
                type=held.type,
            )


def _databases(reader: Reader, owned: Owned, now: datetime, until: datetime) -> Iterator[DriftFinding]:
    for held in owned.of_type("aws_db_instance"):
        there = reader.pages("rds", "describe_db_instances", "DBInstances")
        for about in (each for each in there if each["DBInstanceIdentifier"] == held["identifier"]):
            certificate = about.get("CertificateDetails") or {}
            ends = certificate.get("ValidTill")
            if ends is None:
                raise InfraError(f"RDS does not say until when the certificate of {held['identifier']} is valid.")
            if ends <= until:
                yield DriftFinding(
                    rule=Rule.EXPIRES,
                    severity=Severity.CRITICAL if ends - now <= _URGENT else Severity.HIGH,
                    what=(
                        f"The database's certificate ({certificate.get('CAIdentifier', 'unknown')}) ends "
                        f"{_when(ends, now)}."
                    ),
                    where=about["DBInstanceArn"],
                    todo=f"RDS rotates it by itself at half its life, and did not: see {_RDS}.",
                    address=held.address,
                    type=held.type,
                )


def _old_service_id(environment: Environment, now: datetime, until: datetime) -> Iterator[DriftFinding]:
    said = environment.variables.get("legacy_service_id_until")
    if said is None:
        return
    try:
        last_day = date.fromisoformat(str(said))
    except ValueError as error:
        raise InfraError(f"legacy_service_id_until is {said!r}, which is no date such as 2027-03-31.") from error
    if now.date() <= last_day <= until.date():
        yield DriftFinding(
            rule=Rule.EXPIRES,
            severity=Severity.MEDIUM,
            what=f"Keys of the old service id `ml-platform` are refused after {last_day.isoformat()}.",
            where="legacy_service_id_until",
            todo=(
                "The dashboard counts who still uses one (LegacyServiceId): write to them, or move the day in "
                "environments/common.tfvars."
            ),
        )


def _when(ends: datetime, now: datetime) -> str:
    days = (ends - now).days
    return f"on {ends.astimezone(UTC):%Y-%m-%d} ({'over' if ends <= now else f'in {days} days'})"
