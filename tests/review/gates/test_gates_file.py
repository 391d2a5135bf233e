"""gates.yaml and acknowledgements.yaml: what they may say, and how mistakes are told."""

from datetime import timedelta

import pytest

from infra.environment import environment_names
from infra.errors import InfraError
from infra.repository import ENVIRONMENTS
from infra.review.gates import Gates, Requirement
from infra.review.gates_file import parse_acknowledgements, parse_gates
from infra.review.model import Risk

VALID = """
requirements:
  data-loss: two-approvals
  outage: one-approval
  access: one-approval
  cost: acknowledgement
  plain: none
  none: none
  destroy: forbidden
  unknown-access: forbidden
findings: high
clean_commit: true
plan_max_age_hours: 24
hours: {days: [mon, fri], from: "09:00", to: "16:30", time_zone: Europe/Berlin}
emergency_rollback: one-approval
approvers:
  - name: Ada
    github: ada-l
    aws_user_id: "AROA1:ada"
    aws_arn: "arn:aws:sts::1:assumed-role/a/ada"
    emails: [ada@x.org]
  - {name: Bob, github: bob, aws_user_id: "", aws_arn: "", emails: [bob@x.org, bob@y.org]}
"""


def gates_of(name: str) -> Gates:
    return parse_gates((ENVIRONMENTS / name / "gates.yaml").read_text(), name)


@pytest.mark.parametrize("name", environment_names())
def test_every_environment_has_its_files(name: str) -> None:
    assert gates_of(name).environment == name
    parse_acknowledgements((ENVIRONMENTS / name / "acknowledgements.yaml").read_text(), name)


def test_production_is_strict_staging_in_between_development_light() -> None:
    order = list(Requirement)
    development, staging, production = (gates_of(name) for name in ("development", "staging", "production"))
    for risk in Risk:
        assert order.index(development.risks[risk]) <= order.index(staging.risks[risk])
        assert order.index(staging.risks[risk]) <= order.index(production.risks[risk])
        assert production.risks[risk].approvals >= 1
    assert all(production.risks[risk].approvals == 2 for risk in (Risk.DATA_LOSS, Risk.OUTAGE, Risk.ACCESS))
    assert production.destroy is Requirement.FORBIDDEN
    assert production.unknown_access is Requirement.FORBIDDEN
    assert production.clean_commit
    assert production.emergency_rollback.approvals >= 1
    assert production.hours is not None
    assert production.plan_max_age <= staging.plan_max_age <= development.plan_max_age
    assert production.findings.rank > development.findings.rank
    assert set(development.risks.values()) == {Requirement.NONE}


def test_a_valid_file() -> None:
    gates = parse_gates(VALID, "production")
    assert gates.risks[Risk.COST] is Requirement.ACKNOWLEDGEMENT
    assert gates.plan_max_age == timedelta(hours=24)
    assert str(gates.hours) == "Mon, Fri 09:00 to 16:30 Europe/Berlin"
    assert [person.name for person in gates.approvers] == ["Ada", "Bob"]
    assert parse_gates(VALID.replace("hours: {days", "hours: any #"), "production").hours is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("requirements:", "requirement:", "unknown: requirement; missing: requirements"),
        ("  outage: one-approval\n", "", "requirements has the wrong entries (missing: outage)"),
        (
            "outage: one-approval",
            "outage: one-aproval",
            "requirements.outage is 'one-aproval', but must be one of none",
        ),
        ("outage: one-approval", "outage: 1", "requirements.outage is 1"),
        ("  outage: one-approval\n", "  outage: one-approval\n  outages: none\n", "unknown: outages"),
        ("  outage: one-approval\n", "  outage: one-approval\n  outage: none\n", "outage stands twice"),
        ("findings: high", "findings: none", "findings is 'none'"),
        ("clean_commit: true", "clean_commit: 'true'", "clean_commit is 'true', but must be true or false"),
        ("hours: 24", "hours: 0", "plan_max_age_hours is 0"),
        ("hours: 24", "hours: true", "plan_max_age_hours is True"),
        ("hours: 24", "hours: 24.5", "plan_max_age_hours is 24.5"),
        ("hours: 24", "hours: 100000", "plan_max_age_hours is 100000"),
        ("[mon, fri]", "[monday]", "hours.days"),
        ("[mon, fri]", "[]", "hours.days"),
        ('"16:30"', "16:30", "hours.to is 990"),
        ('"09:00"', '"9:00"', "hours.from is '9:00'"),
        ('"16:30"', '"08:00"', "hours.to is '08:00', but must be later than 09:00"),
        ("rollback: one-approval", "rollback: maybe", "emergency_rollback is 'maybe'"),
        ("rollback: one-approval", "rollback: acknowledgement", "emergency_rollback is 'acknowledgement'"),
        ("emergency_rollback: one-approval", "", "missing: emergency_rollback"),
        ("Europe/Berlin", "Europe/Atlantis", "hours.time_zone is 'Europe/Atlantis'"),
        ("Europe/Berlin", "../../etc/passwd", "hours.time_zone"),
        ("name: Bob", "name: ada", "name ada stands twice"),
        ("github: bob", "github: ADA-L", "github ada-l stands twice"),
        ("bob@y.org", "Ada@x.org", "emails ada@x.org stands twice"),
        ("[bob@x.org, bob@y.org]", "[]", "entry 2.emails"),
        ("github: bob", 'github: ""', "entry 2 can approve nowhere"),
        ("github: bob, aws_user_id: ", "github: bob, aws_user_id: 'AROA2:bob' #", "is not valid YAML"),
        ('aws_arn: ""', 'aws_arn: "arn:aws:sts::1:assumed-role/a/bob"', "entry 2 has one of aws_user_id and aws_arn"),
        ("name: Bob, ", "", "missing: name"),
        ("name: Bob, ", "name: Bob, role: admin, ", "unknown: role"),
    ],
)
def test_a_mistake_is_told(old: str, new: str, message: str) -> None:
    assert old in VALID
    with pytest.raises(InfraError) as failure:
        parse_gates(VALID.replace(old, new, 1), "production")
    assert message in str(failure.value)
    assert "environments/production/gates.yaml" in str(failure.value)


@pytest.mark.parametrize("text", ["", "[]", "- a", "just text", "{", "!!python/object:os.system {}", "a: &x [*x]"])
def test_something_else_is_refused(text: str) -> None:
    with pytest.raises(InfraError, match=r"environments/production/gates\.yaml"):
        parse_gates(text, "production")


ENTRY = f"- {{address: aws_s3_bucket.this, digest: {'d' * 64}, who: Ada, why: nothing reads it}}\n"


def test_acknowledgements() -> None:
    (found,) = parse_acknowledgements(ENTRY, "production")
    assert (found.address, found.who, found.why) == ("aws_s3_bucket.this", "Ada", "nothing reads it")
    assert parse_acknowledgements("[]", "production") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be a list"),
        ("a: b", "must be a list"),
        (ENTRY.replace("who: Ada, ", ""), "entry 1 has the wrong entries (missing: who)"),
        (ENTRY.replace("who: Ada", "who: ''"), "entry 1: who is ''"),
        (ENTRY.replace("why: nothing reads it", "why: "), "entry 1: why is None"),
        (ENTRY.replace("d" * 64, "dddd"), "entry 1: digest is 'dddd'"),
        (ENTRY + ENTRY.replace("who", "whom"), "entry 2 has the wrong entries"),
    ],
)
def test_mistakes_in_acknowledgements(text: str, message: str) -> None:
    with pytest.raises(InfraError) as failure:
        parse_acknowledgements(text, "production")
    assert message in str(failure.value)
    assert "environments/production/acknowledgements.yaml" in str(failure.value)
