"""Where the API keys come from, and that no error shows one."""

import json

import pytest

from infra.errors import InfraError
from infra.verification.api_keys import Keys
from infra.verify.keys import read_keys
from tests.verification.recorded import RecordedAccount

KEY = "hk_live_0123456789"
NOBODY = RecordedAccount()


def test_keys_come_from_the_process_environment() -> None:
    assert read_keys({"VERIFY_API_KEY": f" {KEY}\n"}, NOBODY) == Keys(KEY)
    whole = {"VERIFY_API_KEY": KEY, "VERIFY_READING_KEY": "r", "VERIFY_LEGACY_KEY": "l", "VERIFY_FOREIGN_KEY": "f"}
    assert read_keys(whole, NOBODY) == Keys(KEY, reading="r", legacy="l", foreign="f")


@pytest.mark.parametrize(
    ("secret", "keys"),
    [(KEY, Keys(KEY)), (json.dumps({"writing": KEY, "reading": "r"}), Keys(KEY, reading="r"))],
)
def test_or_from_one_secret_of_the_account(secret: str, keys: Keys) -> None:
    account = RecordedAccount()
    account.answers("secretsmanager", "get_secret_value", {"SecretString": secret}, SecretId="verify/keys")
    assert read_keys({"VERIFY_SECRET": "verify/keys"}, account) == keys
    account.all_asked()


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "There is no API key to verify with. Set VERIFY_API_KEY"),
        ({"VERIFY_READING_KEY": KEY}, "There is no API key to verify with"),
        ({"VERIFY_API_KEY": " "}, "There is no API key to verify with"),
        ({"VERIFY_API_KEY": KEY, "VERIFY_SECRET": "s"}, "Both VERIFY_SECRET and VERIFY_API_KEY are set"),
        ({"VERIFY_API_KEY": f"{KEY}\nx"}, "VERIFY_API_KEY holds characters that no API key has"),
        ({"VERIFY_API_KEY": f"{KEY}é"}, "VERIFY_API_KEY holds characters that no API key has"),
        ({"VERIFY_API_KEY": KEY, "MAKEFLAGS": f" -- VERIFY_API_KEY={KEY}"}, "given on the command line"),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(variables: dict[str, str], says: str) -> None:
    with pytest.raises(InfraError, match=says) as error:
        read_keys(variables, NOBODY)
    assert KEY not in str(error.value)


@pytest.mark.parametrize(
    "secret", [f'{{"writing": "{KEY}"', f'{{"admin": "{KEY}"}}', '{"writing": ["' + KEY + '"]}', "{}"]
)
def test_a_secret_of_another_shape_is_refused_without_being_shown(secret: str) -> None:
    account = RecordedAccount().answers("secretsmanager", "get_secret_value", {"SecretString": secret})
    with pytest.raises(InfraError) as error:
        read_keys({"VERIFY_SECRET": "s"}, account)
    shown: BaseException | None = error.value
    while shown:
        assert KEY not in f"{shown} {vars(shown)}"
        shown = shown.__cause__


def test_a_secret_that_cannot_be_read_is_named() -> None:
    account = RecordedAccount().refuses("secretsmanager", "get_secret_value", "ResourceNotFoundException")
    with pytest.raises(InfraError, match=r"secret verify/keys \(VERIFY_SECRET\) cannot be read: .*ResourceNotFound"):
        read_keys({"VERIFY_SECRET": "verify/keys"}, account)


def test_keys_hide_themselves() -> None:
    keys = Keys("abc", reading="abcdef", legacy="xyz")
    assert keys.hide("abcdef xyz abc -") == "*** *** *** -"
    assert not any(key in repr(keys) for key in ("abc", "xyz"))
