"""A rollback is verified, and says so when it could not be."""

import pytest

from infra.account.selection import Account
from infra.environment import Environment, load_environment
from infra.errors import InfraError
from infra.release.rollback.afterwards import verified
from infra.release.rollback.phases import Phases
from infra.verify import perform

AWS = Account("aws", "123456789012", "arn:aws:sts::123456789012:assumed-role/apply/ada", "", None, "said")


@pytest.mark.parametrize("code", [0, 1])
def test_what_the_verification_found_is_how_it_ends(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, str]] = []

    def verify(environment: Environment, mode: str, wanted: str) -> int:
        asked.append((environment.name, mode, wanted))
        return code

    monkeypatch.setattr(perform, "perform_verify", verify)
    phases = Phases()
    assert verified(load_environment("staging"), AWS, phases) == code
    assert asked == [("staging", "aws", "")], "everything is verified"
    assert list(phases.seconds) == ["verifying"]


def test_what_could_not_be_verified_has_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def verify(*_: object) -> int:
        raise InfraError("There is no API key to verify with.")

    monkeypatch.setattr(perform, "perform_verify", verify)
    assert verified(load_environment("staging"), AWS, Phases()) == 1
    assert "ERROR It was rolled back, but not verified: There is no API key" in capsys.readouterr().err
