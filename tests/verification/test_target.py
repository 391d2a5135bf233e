"""Asking through the front door: the right place, the right certificate, and an error that says what is wrong."""

import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from infra.preflight.parts.certificates import write_certificates
from infra.verification.api_keys import Keys
from infra.verification.exchange import Exchange
from infra.verification.front_door import expect_nothing
from infra.verification.session import ClientSession
from infra.verification.steps import CheckFailed
from infra.verification.target import Door, Target

HOST = "registry.test.hokus.ai"


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = f"{self.headers['Host']} {self.path} {self.headers['Authorization']} ".encode() + body
        self.send_response(201)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the name that http.server gives it
        """Nothing."""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("door")
    write_certificates(folder, HOST)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    nobody = cast("ClientSession", None)
    yield Target(
        environment="test",
        domain="test.hokus.ai",
        keys=Keys("a-key"),
        account=cast("Any", None),
        client=nobody,
        evidence=cast("Any", None),
        emulated=True,
        doors={HOST: Door("127.0.0.1", server.server_port, None)},
        ca_file=folder / "ca.pem",
    )
    server.shutdown()
    server.server_close()


def test_host_path_and_key_go_on_the_wire_as_a_client_sends_them(target: Target) -> None:
    answer = target.ask("POST", "/a?b=%20c", {"x": 1}, key="a-key")
    assert answer.status == 201
    assert answer.body == f'{HOST} /a?b=%20c Bearer a-key {{"x": 1}}'.encode()
    assert answer.request_line == f"POST https://{HOST}/a?b=%20c"
    claimed = target.ask("POST", "/", b"raw", claimed_host="other")
    assert claimed.body == b"other / None raw"


def test_the_firewall_of_aws_lets_its_requests_in(target: Target) -> None:
    """It refuses requests without a User-Agent."""
    assert target.ask("POST", "/", {}).sent["User-Agent"]


@pytest.mark.parametrize(
    ("emulated", "status", "headers", "nothing"),
    [
        (True, 404, {}, True),
        (False, 404, {}, True),
        (False, 403, {"server": "awselb/2.0"}, True),  # the firewall
        (False, 403, {"x-request-id": "1"}, False),  # the gateway
        (True, 403, {}, False),
        (False, 200, {}, False),
        (False, 401, {}, False),
    ],
)
def test_nothing_is_what_the_front_door_or_its_firewall_says(
    target: Target, emulated: bool, status: int, headers: dict[str, str], nothing: bool
) -> None:
    answer = Exchange("GET", "https://x/.git/config", {}, status, headers, b"", 0.1, 0.0)
    there = replace(target, emulated=emulated)
    if nothing:
        assert expect_nothing(there, answer, "It serves") is answer
    else:
        with pytest.raises(CheckFailed, match=f"answers {status} instead of 404"):
            expect_nothing(there, answer, "It serves")


def test_an_exchange_is_shown_without_its_key(target: Target) -> None:
    shown = target.ask("POST", "/", {}, headers={"X-API-Key": "secret-1"}, key="secret-2").described()
    assert "secret" not in shown.partition("\n\n")[0]
    assert "Authorization: Bearer ***" in shown
    assert "X-API-Key: ***" in shown
    assert "\n201\n" in shown


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"scheme": "http"}, "nobody listens for http"),
        ({"host": "auth.test.hokus.ai"}, "no load balancer serves auth.test.hokus.ai"),
    ],
)
def test_a_place_that_does_not_exist_is_named(target: Target, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(CheckFailed, match=says):
        target.ask("POST", "/", {}, **asked)


def test_a_certificate_that_nobody_trusts_is_an_answer_too(target: Target, tmp_path: Path) -> None:
    write_certificates(tmp_path, HOST)
    with pytest.raises(CheckFailed, match="CERTIFICATE_VERIFY_FAILED") as failed:
        replace(target, ca_file=tmp_path / "ca.pem").ask("POST", "/", {})
    assert f"openssl s_client -connect {HOST}:443" in failed.value.remedy
    assert "SSL_CERT_FILE" in failed.value.remedy


def test_a_name_that_does_not_resolve_is_named_with_where_to_look(target: Target) -> None:
    with pytest.raises(CheckFailed, match=r"does-not-exist\.invalid/ got no answer") as failed:
        replace(target, doors={}).ask("GET", "/", host="registry.does-not-exist.invalid")
    assert "`dig registry.does-not-exist.invalid`" in failed.value.remedy


def test_a_closed_door_is_named(target: Target) -> None:
    closed = replace(target, doors={HOST: Door("127.0.0.1", 1, None)})
    with pytest.raises(CheckFailed, match=r"got no answer.*refused"):
        closed.ask("POST", "/", {})
