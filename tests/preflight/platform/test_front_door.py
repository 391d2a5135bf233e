"""The front door does what the applied listeners and rules say, and answers itself where nobody else does."""

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from infra.errors import InfraError
from infra.preflight.platform.model import PlatformFailure
from tests.preflight.platform.small import HOST, Running, Small, disconnect, fixed, forward, host, path


def test_forwards_with_the_headers_that_a_load_balancer_adds(running: Running) -> None:
    answer = running.ask("/a%20b?x=%2F", "POST", {"X-Forwarded-For": "198.51.100.9", "X-Own": "1"}, b"12345")
    headers = {name.lower(): value for name, value in answer.json["headers"]}
    assert answer.json["path"] == "/a%20b?x=%2F"  # bytes as sent
    assert answer.json["received"] == 5
    assert headers["host"] == HOST
    assert headers["x-forwarded-for"] == "198.51.100.9, 203.0.113.7"
    assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("https", "443")
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    assert headers["x-own"] == "1"


def test_each_request_is_recorded_with_the_rule_that_decided(running: Running) -> None:
    running.ask("/recorded")
    exchange = next(each for each in reversed(running.platform.exchanges) if each.path == "/recorded")
    task = running.task("web")
    assert exchange.rule_arn == running.small.ids["rule"]
    assert (exchange.priority, exchange.action, exchange.status) == (100, "forward", 200)
    assert (exchange.target_group_arn, exchange.target) == (running.small.ids["group"], f"{task.address}:8080")
    assert exchange.task_id == task.id


def test_what_no_rule_names_gets_the_listeners_answer(running: Running) -> None:
    answer = running.ask("/", host="other.small.test")
    assert (answer.status, answer.body) == (404, b"nothing here")
    assert running.platform.exchanges[-1].rule_arn is None


def test_plain_http_is_redirected(running: Running) -> None:
    answer = running.ask("/a/b?c=d", scheme="http")
    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{HOST}:443/a/b?c=d"


def test_the_certificate_is_for_the_names_of_the_applied_one(running: Running) -> None:
    end = running.platform.hosts[HOST]
    context = ssl.create_default_context(cafile=str(running.platform.ca_file))

    def greet(name: str) -> None:
        with (
            socket.create_connection((end.address, end.https_port or 0)) as plain,
            context.wrap_socket(plain, server_hostname=name),
        ):
            pass

    greet(HOST)
    with pytest.raises(ssl.SSLCertVerificationError):
        greet("web.elsewhere.test")


def test_a_large_body_passes_both_ways(running: Running) -> None:
    answer = running.ask("/large", "PUT", body=b"x" * 20_000_000)
    assert answer.json["received"] == 20_000_000


def test_a_target_that_answers_before_it_has_the_whole_body_gets_the_next_request_whole(running: Running) -> None:
    end = running.platform.hosts[HOST]
    context = ssl.create_default_context(cafile=str(running.platform.ca_file))
    for _ in range(3):
        with (
            socket.create_connection((end.address, end.https_port or 0), timeout=60) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as client,
        ):
            client.sendall(f"PUT /?unread=1 HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 20\r\n\r\n0123456789".encode())
            answer = client.recv(4096)
            while not answer.endswith(b"{}"):
                answer += client.recv(4096)
            assert answer.startswith(b"HTTP/1.1 403 ")
            client.sendall(b"0123456789")
        assert running.ask("/").status == 200


def test_a_target_that_breaks_off_is_502(running: Running) -> None:
    assert running.ask("/?leave=1").status == 502
    assert "target failed" in running.platform.exchanges[-1].reason


def test_route_tells_without_asking(running: Running) -> None:
    before = len(running.platform.exchanges)
    decided = running.platform.route(HOST, "/api/2.0/x?y=z", "PUT")
    assert (decided.rule_arn, decided.action) == (running.small.ids["rule"], "forward")
    assert decided.target_group_arn == running.small.ids["group"]
    assert running.platform.route(HOST, "/", scheme="http").action == "redirect"
    assert len(running.platform.exchanges) == before
    with pytest.raises(InfraError, match="No load balancer serves"):
        running.platform.route("nobody.small.test", "/")


def _answers(small: Small, folder: Path, asked: list[dict[str, Any]]) -> list[int]:
    with small.running(folder) as running:
        return [running.ask(**each).status for each in asked]


def test_conditions_and_priorities(small: Small, tmp_path: Path) -> None:
    by_method = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["DELETE"]}}
    by_header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Kind", "Values": ["odd*"]}}
    by_query = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2*"}]}}
    from_inside = {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}
    from_outside = {"Field": "source-ip", "SourceIpConfig": {"Values": ["203.0.113.0/24"]}}
    small.rule(10, [by_method], fixed(210))
    small.rule(11, [by_header], fixed(211))
    small.rule(12, [by_query, path("/q/*")], fixed(212))
    small.rule(13, [from_inside], fixed(213))
    small.rule(14, [from_outside, path("/source")], fixed(214))
    small.rule(20, [host(HOST), path("/both/a*")], fixed(220))
    small.rule(21, [host(HOST), path("/both/*")], fixed(221))
    small.rule(22, [host("*.small.test"), path("/case/?x")], fixed(222))
    moved = {
        "Type": "redirect",
        "RedirectConfig": {"Host": "new.#{host}", "Path": "/n/#{path}", "StatusCode": "HTTP_302"},
    }
    small.rule(23, [path("/moved")], moved)
    with small.running(tmp_path) as running:
        assert running.ask("/", "DELETE").status == 210
        assert running.ask("/", headers={"X-Kind": "Oddest"}).status == 211  # values without regard to case
        assert running.ask("/q/1?a=b&v=23").status == 212
        assert running.ask("/q/1?v=1").status == 200
        assert running.ask("/source").status == 214
        assert running.ask("/both/ab").status == 220  # the lower number is asked first
        assert running.ask("/both/b").status == 221
        assert running.ask("/case/1x", host="WEB.small.TEST").status == 222
        assert running.ask("/CASE/1x").status == 200  # paths with regard to case
        answer = running.ask("/moved?k=v")
        assert (answer.status, answer.headers["Location"]) == (302, f"https://new.{HOST}:443/n/moved?k=v")


def test_two_rules_swapped_is_seen(small: Small, tmp_path: Path) -> None:
    small.rule(50, [path("/*")], fixed(418))
    assert _answers(small, tmp_path, [{"path": "/x"}]) == [418]


def test_a_target_group_without_targets_is_503(small: Small, tmp_path: Path) -> None:
    elbv2 = small.client("elbv2")
    empty = elbv2.create_target_group(Name="empty", Protocol="HTTP", Port=1, VpcId=small.ids["vpc"], TargetType="ip")
    small.rule(10, [path("/empty")], {"Type": "forward", "TargetGroupArn": empty["TargetGroups"][0]["TargetGroupArn"]})
    with small.running(tmp_path) as running:
        assert running.ask("/empty").status == 503
        assert "no healthy target in empty" in running.platform.exchanges[-1].reason
        running.platform.kill(running.task("web"))
        # Whatever the moment: nobody is there, or nobody answers.
        assert running.ask("/x").status in (502, 503)


def test_the_idle_timeout_is_504(small: Small, tmp_path: Path) -> None:
    small.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=small.ids["alb"], Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "1"}]
    )
    with small.running(tmp_path) as running:
        assert running.ask("/?sleep=0").status == 200
        assert running.ask("/?sleep=30").status == 504
        assert "did not answer within 1 s" in running.platform.exchanges[-1].reason


def test_nobody_gets_in_without_a_rule_of_the_security_group(small: Small, tmp_path: Path) -> None:
    disconnect(small, "alb", egress=False, port=443)
    with small.running(tmp_path) as running:
        assert running.ask("/", scheme="http").status == 301
        with pytest.raises(OSError, match=r".*"):
            running.ask("/")
        with pytest.raises(PlatformFailure, match="alb has no incoming rule from internet, port 443"):
            running.platform.verdict()


def test_weights_choose_the_target_group(small: Small, tmp_path: Path) -> None:
    elbv2 = small.client("elbv2")
    empty = elbv2.create_target_group(Name="empty", Protocol="HTTP", Port=1, VpcId=small.ids["vpc"], TargetType="ip")
    groups = [
        {"TargetGroupArn": small.ids["group"], "Weight": 0},
        {"TargetGroupArn": empty["TargetGroups"][0]["TargetGroupArn"], "Weight": 1},
    ]
    small.rule(10, [path("/weighted")], {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}})
    small.rule(11, [path("/plain")], forward(small))
    assert _answers(small, tmp_path, [{"path": "/weighted"}, {"path": "/plain"}]) == [503, 200]
