"""No secret leaves, in whatever form and wherever it stands."""

import base64
import html
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from infra.review.model import REDACTED, Finding, Review, Severity
from infra.review.reading import PlanDocument
from infra.review.redaction import Redactor
from infra.review.review import review_document
from infra.review.secret_values import SHORTEST, secrets_of
from tests.review.documents import a_record, document, entry

RECORD = a_record()


def reviewed(plan: dict[str, Any], *findings: Finding) -> Review:
    return review_document(PlanDocument(plan, "", 0, "", {}), RECORD, findings, Redactor.of(plan))


def forms(secret: str) -> dict[str, str]:
    raw = secret.encode()
    return {
        "itself": secret,
        "json": json.dumps(secret),
        "json, unicode": json.dumps(secret, ensure_ascii=False),
        "json in json": json.dumps(json.dumps({"a": secret})),
        "go's json": json.dumps(secret).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
        "url": f"https://host/?q={quote(secret, safe='')}",
        "path": f"https://host/{quote(secret)}/x",
        "form": f"q={quote_plus(secret)}",
        "lower-case url": quote(secret, safe="").lower() if secret.isascii() and secret == secret.lower() else "",
        "base64": base64.b64encode(raw).decode(),
        "base64 for urls": base64.urlsafe_b64encode(raw).decode().rstrip("="),
        "basic authorization": base64.b64encode(b"user:" + raw).decode(),
        "base64 in the middle": base64.b64encode(b"#!/bin/sh\npassword=" + raw + b"\nrun\n").decode(),
        "hex": raw.hex(),
        "hex in capitals": raw.hex().upper(),
        "html": html.escape(secret),
        "html, not in an attribute": html.escape(secret, quote=False),
        "in a sentence": f"cannot log in with {secret}!",
        "twice": secret + secret,
    }


secrets = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=SHORTEST, max_size=40).filter(
    lambda text: len(text.strip()) >= SHORTEST and text not in REDACTED and len(set(text)) > 2
)


def _leaks(secret: str, text: str) -> bool:
    core = secret.strip()
    return core in text or json.dumps(core)[1:-1] in text


@given(secrets)
@example('p"a\\ss\n<&>w\u2028ord')
@example("ünïcödé-🔑")
@example("a+b/c=d e%f")
@settings(max_examples=150, deadline=None)
def test_every_form_of_a_secret_is_taken_out(secret: str) -> None:
    redactor = Redactor([secret])
    for name, text in forms(secret).items():
        if not text:
            continue
        cleaned = redactor.text(text)
        assert REDACTED in cleaned, name
        assert not _leaks(secret, cleaned), name
        if "base64" in name:
            middle = base64.b64encode(secret.encode()).decode().rstrip("=")[2:-2]
            assert len(middle) < SHORTEST or middle not in cleaned, name


@given(secrets, st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_rest_of_a_text_stays(secret: str, before: str, after: str) -> None:
    assume(not set(before + after) & set(secret))
    assert Redactor([secret]).text(before + secret + after) == before + REDACTED + after


@given(st.text(max_size=200), st.lists(secrets, max_size=3))
@settings(max_examples=100, deadline=None)
def test_a_text_without_secrets_is_not_touched(text: str, hidden: list[str]) -> None:
    redactor = Redactor(hidden)
    assume(not any(set(secret) & set(text) for secret in hidden))
    assume(not set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/-_=%\\&;") & set(text))
    assert redactor.text(text) == text


def test_secrets_that_overlap_leave_nothing() -> None:
    assert Redactor(["abcdef", "defghi"]).text("<abcdefghi>") == f"<{REDACTED}>"
    assert Redactor(["abcdef", "abcdefgh"]).text("<abcdefgh>") == f"<{REDACTED}>"


def test_short_values_go_under_the_name_of_a_secret() -> None:
    containers = [{"name": "a", "image": "x", "environment": [{"name": "DB_PASSWORD", "value": "q-z"}]}]
    plan = document(
        entry("aws_db_instance.a", None, {"password": "q-z", "settings": [{"api_key": "q-z"}]}),
        entry("aws_ecs_task_definition.a", None, {"container_definitions": json.dumps(containers)}),
        entry(
            "terraform_data.a", None, {"input": [{"name": "token", "value": "q-z"}, {"name": "size", "value": "q-y"}]}
        ),
        output_changes={"o": {"actions": ["create"], "before": None, "after": {"password": "q-z"}}},
    )
    text = repr(reviewed(plan))
    assert "q-z" not in text
    assert "q-y" in text


def test_short_values_stay_in_texts_and_go_where_they_are_marked() -> None:
    change = entry("aws_lb.a", None, {"a": "dev", "b": "dev"}, after_sensitive={"a": True})
    (change_found,) = reviewed(document(change)).changes
    assert {each.path: each.after for each in change_found.attributes} == {"a": REDACTED, "b": "dev"}


S = "the-secret-1234"


def _marked_everywhere() -> dict[str, dict[str, Any]]:
    plain = entry("aws_lb.a", None, {"name": f"uses {S}"})
    state = {"address": "aws_lb.b", "mode": "managed", "type": "aws_lb", "name": "b", "values": {"x": S}}
    return {
        "after": document(entry("aws_lb.b", None, {"x": S}, after_sensitive={"x": True}), plain),
        "before": document(entry("aws_lb.b", {"x": S}, None, before_sensitive={"x": True}), plain),
        "the whole object": document(entry("aws_lb.b", None, {"x": [{"y": S}]}, after_sensitive=True), plain),
        "deep": document(
            entry("aws_lb.b", None, {"x": [{}, {"y": {"z w": S}}]}, after_sensitive={"x": [{}, {"y": {"z w": True}}]}),
            plain,
        ),
        "a no-op": document(entry("aws_lb.b", {"x": S}, {"x": S}, after_sensitive={"x": True}), plain),
        "drift": document(
            plain, resource_drift=[entry("aws_lb.b", {"x": S}, {"x": "y"}, before_sensitive={"x": True})]
        ),
        "a variable": document(
            plain,
            variables={"v": {"value": S}},
            configuration={"root_module": {"variables": {"v": {"sensitive": True}}}},
        ),
        "a structured variable": document(
            plain,
            variables={"v": {"value": {"user": "me", "deep": [{"pass": S}]}}},
            configuration={"root_module": {"variables": {"v": {"sensitive": True}}}},
        ),
        "the default of a variable": document(
            plain, configuration={"root_module": {"variables": {"v": {"sensitive": True, "default": S}}}}
        ),
        "an output": document(
            plain,
            output_changes={"o": {"actions": ["create"], "before": None, "after": S, "after_sensitive": True}},
        ),
        "an output by declaration": document(
            plain,
            output_changes={"o": {"actions": ["create"], "before": None, "after": S}},
            configuration={"root_module": {"outputs": {"o": {"sensitive": True}}}},
        ),
        "the state": document(
            plain,
            prior_state={"values": {"root_module": {"child_modules": [
                {"resources": [{**state, "sensitive_values": {"x": True}}]}]}}},
        ),
        "an output of the state": document(
            plain, prior_state={"values": {"outputs": {"o": {"sensitive": True, "value": S}}, "root_module": {}}}
        ),
        "the name of an attribute": document(entry("aws_db_instance.b", None, {"password": S}), plain),
        "a variable of a container": document(
            entry("aws_ecs_task_definition.b", None, {"container_definitions": json.dumps(
                [{"name": "a", "environment": [{"name": "DB_PASSWORD", "value": S}]}])}), plain
        ),
        "JSON that is secret": document(
            entry("aws_secretsmanager_secret_version.b", None, {"secret_string": json.dumps({"u": "x", "p": S})},
                  after_sensitive={"secret_string": True}), plain
        ),
        "a URL that is secret": document(
            entry("aws_lb.b", None, {"x": f"postgresql://me:{S}@host/db"}, after_sensitive={"x": True}), plain
        ),
        "one line of many": document(
            entry("aws_lb.b", None, {"x": f"-----BEGIN KEY-----\n  {S}-and-more\n"}, after_sensitive={"x": True}),
            entry("aws_lb.a", None, {"name": f"uses {S}-and-more"}),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("where", list(_marked_everywhere()))
def test_a_secret_is_known_from_each_place(where: str) -> None:
    plan = _marked_everywhere()[where]
    review = reviewed(plan)
    assert S not in repr(review)
    assert REDACTED in repr([change for change in review.changes if change.address == "aws_lb.a"])


def test_a_secret_goes_from_each_place_of_a_review() -> None:
    policy = json.dumps({"Statement": {"Effect": "Allow", "Action": "a:b", "Resource": f"arn/{S}", "Sid": S}})
    plan = document(
        entry("aws_lb.source", None, {"x": S}, after_sensitive={"x": True}),
        entry(f'aws_lb.key["{S}"]', {"x": S}, {"x": "y"}, index=S, action_reason=S, previous_address=f"aws_lb.{S}"),
        entry("aws_iam_role_policy.p", None, {"policy": policy, "role": S}),
        entry("aws_lb.number", None, {"tags": {S: "as a key"}, "list": ["a", S, {"b": [S]}]}),
        entry(f'aws_iam_role_policy.q["{S}"]', None, {"role": S}, after_unknown={"policy": True},
              type="aws_iam_role_policy"),
        entry(f"module.{S}.aws_lb.m", {"x": 1}, {"x": 2}, module_address=f"module.{S}"),
        resource_drift=[entry("aws_lb.number", {"list": [S]}, {"list": []})],
        output_changes={S: {"actions": ["create"], "before": None, "after": {f"x {S}": [f"in {S}"]}}},
        checks=[{"address": {"to_display": S, "kind": "check"}, "status": "fail",
                 "instances": [{"address": {"to_display": S}, "status": "fail", "problems": [{"message": f"a {S}"}]}]}],
    )  # fmt: skip
    finding = Finding(S, S, S, Severity.LOW, f"found {S}", f"rotate {base64.b64encode(S.encode()).decode()}", "policy")
    review = reviewed(plan, finding)
    assert review.unknown_access
    text = repr(review)
    assert S not in text
    assert base64.b64encode(S.encode()).decode()[:12] not in text
    assert text.count(REDACTED) > 20


def test_a_secret_number() -> None:
    plan = document(entry("aws_lb.a", None, {"x": 87654321, "y": 87654321, "z": 1}, after_sensitive={"x": True}))
    assert "87654321" not in repr(reviewed(plan))


def test_a_secret_does_not_break_the_words_of_the_model() -> None:
    plan = document(entry("aws_lb.a", None, {"x": "policy", "y": "update", "z": "create"}, after_sensitive=True))
    (change,) = reviewed(plan).changes
    assert (change.action.value, change.mode) == ("create", "managed")


def test_a_reference_to_a_secret_is_none() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:1:secret:x"
    plan = document(entry("aws_lb.a", None, {"secret": arn, "password": "true", "token": None, "api_key": ""}))
    assert secrets_of(plan) == set()


@pytest.mark.parametrize(
    "secret",
    ["a" * 65_536, "ab" * 32_768, "\x1b[31m" * 13_000, "<script>" * 8_192],
    ids=["a", "ab", "escape", "markup"],
)
def test_long_and_monotonous_secrets_take_no_long(secret: str) -> None:
    plan = document(
        entry("aws_lb.a", None, {"x": secret, "y": secret[:-1] + "!"}, after_sensitive={"x": True}),
        entry("aws_lb.b", None, {"x": f"has {secret} in it"}),
    )
    changes = {change.address: change for change in reviewed(plan).changes}
    assert secret not in repr(changes["aws_lb.b"])
    assert changes["aws_lb.b"].attributes[0].after == f"has {REDACTED} in it"
