"""The network of a task, seen by a real program in it: names, addresses, and connections that rules allow or do not."""

import os
from pathlib import Path

import pytest

from infra.preflight.platform.addresses import address_block
from infra.preflight.platform.judgement import judge
from infra.preflight.platform.model import PlatformFailure
from tests.preflight.platform.small import HOST, Running, Small, connect, disconnect

_ASK = """
import urllib.request
try:
    result = urllib.request.urlopen({url!r}, timeout=30).read().decode()
except OSError as error:
    result = str(getattr(error, "reason", error))
"""
_NAME = """
import socket
try:
    result = sorted({{each[4][0] for each in socket.getaddrinfo({name!r}, 80, type=socket.SOCK_STREAM)}})
except OSError as error:
    result = error.args[0]
"""
_LOCAL_NAME = "http://back.small.local:9090/hello"
_NOT_KNOWN = -2  # EAI_NONAME


def test_a_task_finds_another_by_its_cloud_map_name(running: Running) -> None:
    back = running.task("back")
    assert running.inside("web", _NAME.format(name="back.small.local")) == [back.address]
    assert running.inside("web", _NAME.format(name="BACK.Small.Local")) == [back.address]
    told = running.inside("web", _ASK.format(url=_LOCAL_NAME))
    assert '["Host", "back.small.local:9090"]' in told


def test_names_that_nobody_has(running: Running) -> None:
    assert running.inside("web", _NAME.format(name="web.small.local")) == _NOT_KNOWN
    assert running.inside("web", _NAME.format(name="example.com")) == _NOT_KNOWN
    assert any(each.destination == "example.com" and each.kind == "nobody" for each in running.platform.refusals)


def test_a_client_on_the_internet_knows_public_names_only(running: Running) -> None:
    assert running.outside(_NAME.format(name="back.small.local")) == _NOT_KNOWN
    assert running.outside(_NAME.format(name=HOST)) == [running.platform.hosts[HOST].address]
    assert '"path": "/x"' in running.outside(_ASK.format(url=f"https://{HOST}/x"))


def test_a_client_on_the_internet_reaches_no_task(running: Running) -> None:
    back = running.task("back")
    assert "refused" in running.outside(_ASK.format(url=f"http://{back.address}:9090/"))
    refused = [each for each in running.platform.refusals if (each.source, each.destination) == ("internet", "back")]
    judge(refused, [], running.platform.tasks)  # that a client is refused is no fault of the platform
    assert [each.kind for each in refused] == ["nobody"]


def test_connections_come_from_the_tasks_own_address(running: Running) -> None:
    code = """
import socket
with socket.create_connection(("back.small.local", 9090)) as connection:
    result = [connection.getsockname()[0], connection.getpeername()[0]]
"""
    assert running.inside("web", code) == [running.task("web").address, running.task("back").address]


def test_localhost_is_the_task_itself(running: Running) -> None:
    told = running.inside("web", _ASK.format(url="http://127.0.0.1:8080/self"))
    assert '"path": "/self"' in told
    assert "refused" in running.inside("web", _ASK.format(url="http://127.0.0.1:9090/"))


def test_nothing_else_on_this_machine_is_reached(running: Running) -> None:
    with_server = """
import socket
other = socket.create_server(("127.99.1.1", 0))
"""
    assert running.run(with_server + "result = 1", os.environ) == 1  # a place like any other, without the hook
    assert "refused" in running.inside("web", _ASK.format(url="http://127.0.0.99:22/"))
    assert "refused" in running.inside("web", _ASK.format(url="http://192.0.2.1/"))


@pytest.mark.parametrize(
    ("group", "egress", "told"),
    [
        ("web", True, "web has no outgoing rule to back, port 9090"),
        ("back", False, "back has no incoming rule from web, port 9090"),
    ],
)
def test_a_missing_rule_refuses_and_is_blamed(
    small: Small, tmp_path: Path, group: str, egress: bool, told: str
) -> None:
    disconnect(small, group, egress=egress, port=9090)
    with small.running(tmp_path) as running:
        assert "refused" in running.inside("web", _ASK.format(url=_LOCAL_NAME))
        with pytest.raises(PlatformFailure, match=told) as failure:
            running.platform.verdict()
        assert failure.value.arn == small.ids[f"sg-{group}"]
        assert failure.value.task is running.task("web")
        # The account is read again: the rule is there now.
        connect(small, *(("web", "10.0.0.0/16") if egress else ("10.0.0.0/16", "back")), 9090)
        running.platform.refresh()
        assert '"path": "/hello"' in running.inside("web", _ASK.format(url=_LOCAL_NAME))


def test_a_rule_for_another_port_or_group_does_not_help(small: Small, tmp_path: Path) -> None:
    disconnect(small, "back", egress=False, port=9090)
    connect(small, "10.9.0.0/16", "back", 9090)
    connect(small, "alb", "back", 9090)
    connect(small, "0.0.0.0/0", "back", 9091)
    with small.running(tmp_path) as running:
        assert "refused" in running.inside("web", _ASK.format(url=_LOCAL_NAME))


def test_a_load_balancer_needs_a_rule_too(small: Small, tmp_path: Path) -> None:
    disconnect(small, "web", egress=False, port=8080)
    with (
        small.running(tmp_path, steady=False) as running,
        pytest.raises(PlatformFailure, match="no incoming rule from alb"),
    ):
        running.platform.wait_until_steady(60)


def test_a_service_that_is_not_attached_has_no_name(small: Small, tmp_path: Path) -> None:
    small.client("ecs").update_service(cluster="small", service="back", serviceRegistries=[])
    with small.running(tmp_path) as running:
        assert running.inside("web", _NAME.format(name="back.small.local")) == _NOT_KNOWN
        refusal = next(each for each in running.platform.refusals if each.destination == "back.small.local")
        assert refusal.arn == small.ids["registry"]
        assert "no healthy task is registered" in refusal.reason


def test_runs_side_by_side_have_addresses_of_their_own() -> None:
    with address_block() as first, address_block() as second:
        assert first.prefix != second.prefix
        assert len({first.take() for _ in range(200)}) == 200
    with address_block():
        pass
