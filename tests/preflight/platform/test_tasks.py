"""A task gets what its definition says and no more: files, user, memory, secrets, time to stop, a health check."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from infra.preflight.platform.container import namespaces_work
from infra.preflight.platform.model import PlatformFailure
from tests.preflight.platform.small import STEADY_SECONDS, Running, Small

_PYTHON = """
import json, urllib.request
request = urllib.request.Request("http://{address}:{port}/python", data={code!r}.encode(), method="POST")
result = json.load(urllib.request.urlopen(request, timeout=60))
"""


def _in_program(running: Running, service: str, code: str) -> Any:
    """What Python code, run by the program of a task in its own container, leaves in `result`."""
    task = running.task(service)
    asked = _PYTHON.format(address=task.address, port=task.ports[0], code=code)
    answer = running.inside(service, asked)
    assert "error" not in answer, answer["error"]
    return answer["result"]


def _fails(small: Small, folder: Path) -> PlatformFailure:
    """Why the services do not get steady."""
    with small.running(folder, steady=False) as running:
        with pytest.raises(PlatformFailure) as failure:
            running.platform.wait_until_steady(STEADY_SECONDS)
        return failure.value


@pytest.mark.skipif(not namespaces_work(), reason="no mount namespaces here: a preflight says so in its report")
def test_the_root_file_system_is_read_only_but_for_scratch(small: Small, tmp_path: Path) -> None:
    code = """
import os
def can(path):
    try:
        open(path, "w").close()
        os.unlink(path)
        return True
    except OSError:
        return False
result = [can(path) for path in ("/tmp/x", "/var/tmp/x", "/etc/x", "/dev/shm/x")]
"""
    small.redefine("back", mountPoints=[{"sourceVolume": "tmp", "containerPath": "/tmp"}])  # noqa: S108
    with small.running(tmp_path) as running:
        assert _in_program(running, "back", code)[0] is True
        assert _in_program(running, "back", code)[1:3] == [False, False]
        assert _in_program(running, "web", code)[:3] == [False, False, False]  # it has no scratch
        assert running.platform.limits == []


def test_what_ecs_gives(running: Running) -> None:
    code = "import os; result = [dict(os.environ), os.getuid(), os.getcwd()]"
    environment, user, folder = _in_program(running, "web", code)
    assert environment["AWS_EXECUTION_ENV"] == "AWS_ECS_FARGATE"
    assert environment["AWS_REGION"] == running.small.account.region
    assert environment["PORT"] == "8080"
    assert folder == "/"
    if os.geteuid() == 0:
        assert user == 10001
    # Nothing of the person who runs preflight.
    assert "AWS_ACCESS_KEY_ID" not in environment
    assert set(environment) <= {
        *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_EXECUTION_ENV"),
        *("AWS_REGION", "AUTH_DOUBLE_FILE", "ECS_CONTAINER_METADATA_URI_V4", "HOSTNAME", "LD_PRELOAD", "PATH", "PORT"),
        *("PREFLIGHT_NETWORK", "PYTHONPATH", "LC_CTYPE", "HOME", "TMPDIR"),
    }


def test_the_metadata_endpoint_tells_the_tasks_size(running: Running) -> None:
    code = """
import json, os, urllib.request
with urllib.request.urlopen(os.environ["ECS_CONTAINER_METADATA_URI_V4"] + "/task") as answer:
    result = json.load(answer)
"""
    told = _in_program(running, "web", code)
    assert told["Limits"] == {"CPU": 0.25, "Memory": 512}
    assert told["Family"] == "web"
    assert told["TaskARN"].endswith(running.task("web").id)


def test_too_little_memory_is_seen_as_ecs_tells_it(small: Small, tmp_path: Path) -> None:
    eater = "import time; kept = b'x' * (300 << 20); print('ate', flush=True); time.sleep(600)"
    small.redefine("back", entryPoint=["python", "-c", eater], memory="256")
    failure = _fails(small, tmp_path)
    assert "OutOfMemoryError: Container killed due to memory usage" in str(failure)
    assert (failure.arn, failure.attribute) == (failure.task.task_definition_arn if failure.task else "", "memory")


def test_a_program_that_ends_is_told_with_its_output(small: Small, tmp_path: Path) -> None:
    small.redefine("back", entryPoint=["python", "-c", "print('a setting is missing'); raise SystemExit(7)"])
    with small.running(tmp_path, steady=False) as running:
        with pytest.raises(PlatformFailure, match=r"Essential container in task exited.*exit code 7") as failure:
            running.platform.wait_until_steady(STEADY_SECONDS)
        assert failure.value.task is not None
        assert "a setting is missing" in failure.value.task.log


def test_a_program_that_does_not_exist(small: Small, tmp_path: Path) -> None:
    small.redefine("back", entryPoint=["no-such-program"])
    assert "exit code 127" in str(_fails(small, tmp_path))


def test_an_image_that_nothing_stands_for(small: Small, tmp_path: Path) -> None:
    small.redefine("back", image="public.ecr.aws/nginx/nginx:1")
    assert "nginx/nginx is not in the table" in str(_fails(small, tmp_path))


def test_a_container_health_check_decides(small: Small, tmp_path: Path) -> None:
    passes = {"command": ["CMD-SHELL", "exit 0"], "interval": 5, "timeout": 5, "retries": 2, "startPeriod": 0}
    small.redefine("back", healthCheck=passes)
    with small.running(tmp_path / "passes") as running:
        assert running.task("back").health == "HEALTHY"
    small.redefine("back", healthCheck=passes | {"command": ["CMD-SHELL", "echo no database; exit 3"]})
    failure = str(_fails(small, tmp_path / "fails"))
    assert "Task failed container health checks (exit code 3: no database)" in failure


def test_a_target_groups_health_check_decides(small: Small, tmp_path: Path) -> None:
    small.client("elbv2").modify_target_group(TargetGroupArn=small.ids["group"], HealthCheckPath="/?status=404")
    small.redefine("web", healthCheck={"command": ["CMD-SHELL", "exit 0"], "interval": 5})
    failure = _fails(small, tmp_path)
    assert "GET /?status=404 on port 8080 answers 404, wanted is 200" in str(failure)
    assert (failure.arn, failure.attribute) == (small.ids["group"], "health_check")


def test_desired_count_0_is_a_failure(small: Small, tmp_path: Path) -> None:
    small.client("ecs").update_service(cluster="small", service="web", desiredCount=0)
    failure = _fails(small, tmp_path)
    assert "web has a desired count of 0" in str(failure)
    assert failure.attribute == "desired_count"


@pytest.mark.parametrize("stubborn", [False, True])
def test_sigterm_comes_first_and_the_end_after_the_stop_timeout(small: Small, tmp_path: Path, stubborn: bool) -> None:
    small.redefine("back", variables={"STUBBORN": "1"} if stubborn else {}, stopTimeout=2)
    with small.running(tmp_path) as running:
        old = running.task("back")
        small.redefine("back")
        running.platform.refresh()
        running.platform.wait_until_steady(STEADY_SECONDS)
        assert old.state == "STOPPED"
        assert old.exit_code == (137 if stubborn else 0)
        assert running.task("back").revision == old.revision + 1


def test_secrets_are_in_the_environment(small: Small, tmp_path: Path) -> None:
    account = small.account
    small.client("ssm").put_parameter(Name="/small/host", Value="db.small", Type="String")
    key = small.client("kms").create_key()["KeyMetadata"]["Arn"]
    small.client("ssm").put_parameter(Name="/small/word", Value="open", Type="SecureString", KeyId=key)
    secret = small.client("secretsmanager").create_secret(
        Name="small/pair", SecretString=json.dumps({"user": "u", "word": "w"}), KmsKeyId=key
    )["ARN"]
    parameter = f"arn:aws:ssm:us-east-1:{account.account_id}:parameter/small"
    small.redefine(
        "back",
        secrets=[
            {"name": "DB_HOST", "valueFrom": f"{parameter}/host"},
            {"name": "WORD", "valueFrom": f"{parameter}/word"},
            {"name": "PAIR", "valueFrom": secret},
            {"name": "PART", "valueFrom": f"{secret}:word::"},
        ],
    )
    start = {"Effect": "Allow", "Action": ["ecr:*", "logs:*"], "Resource": "*"}
    read = {"Effect": "Allow", "Action": ["ssm:GetParameters", "secretsmanager:GetSecretValue"], "Resource": "*"}
    through = {
        "StringEquals": {"kms:ViaService": ["ssm.us-east-1.amazonaws.com", "secretsmanager.us-east-1.amazonaws.com"]}
    }
    decrypt = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key, "Condition": through}

    small.set_policy("execution", start)
    failure = _fails(small, tmp_path / "nothing")
    assert "ssm:GetParameters" in str(failure)
    assert failure.arn == small.ids["execution"]

    small.set_policy("execution", start, read)
    assert "not authorized to perform kms:Decrypt" in str(_fails(small, tmp_path / "no-key"))

    small.set_policy("execution", start, read, decrypt)
    with small.running(tmp_path / "all") as running:
        environment = _in_program(running, "back", "import os; result = dict(os.environ)")
        assert (environment["DB_HOST"], environment["WORD"], environment["PART"]) == ("db.small", "open", "w")
        assert json.loads(environment["PAIR"]) == {"user": "u", "word": "w"}


def test_a_secret_that_does_not_exist(small: Small, tmp_path: Path) -> None:
    missing = f"arn:aws:ssm:us-east-1:{small.account.account_id}:parameter/small/nothing"
    small.redefine("back", secrets=[{"name": "X", "valueFrom": missing}])
    failure = str(_fails(small, tmp_path))
    assert "unable to pull secrets" in failure
    assert f"{missing} does not exist" in failure


def test_ecs_must_be_trusted_by_the_roles(small: Small, tmp_path: Path) -> None:
    other = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [other]})
    small.client("iam").update_assume_role_policy(RoleName="small-task", PolicyDocument=document)
    failure = _fails(small, tmp_path)
    assert "ECS was unable to assume the role" in str(failure)
    assert failure.arn == small.ids["task"]


def test_a_log_group_must_exist(small: Small, tmp_path: Path) -> None:
    small.client("logs").delete_log_group(logGroupName="/small/back")
    assert "the log group /small/back does not exist" in str(_fails(small, tmp_path))


def test_the_registry_must_be_reachable(small: Small, tmp_path: Path) -> None:
    small.client("ec2").delete_route(RouteTableId=small.ids["routes"], DestinationCidrBlock="0.0.0.0/0")
    failure = str(_fails(small, tmp_path))
    assert "CannotPullContainerError" in failure
    assert "AWS ecr cannot be reached" in failure


_KILLED = """
import os, sys
from pathlib import Path
from infra.account.emulated import EmulatedAccount
from tests.preflight.platform.small import Small
small = Small(EmulatedAccount(**{account!r}), {ids!r})
with small.running(Path({folder!r})) as running:
    print(running.platform.hosts["web.small.test"].address, flush=True)
    sys.stdin.read()
"""


def test_nothing_is_left_when_preflight_is_killed(small: Small, tmp_path: Path) -> None:
    code = _KILLED.format(account=vars(small.account), ids=small.ids, folder=str(tmp_path))
    run = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert run.stdout is not None
    address = run.stdout.readline().strip()
    block = address.rpartition(".")[0]
    assert _processes_of(block)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    deadline = time.monotonic() + 60
    while _processes_of(block):
        assert time.monotonic() < deadline, _processes_of(block)
        time.sleep(0.1)


def _processes_of(block: str) -> list[str]:
    """Processes in the network of a run, or that wait to start one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f" {block}.".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


_UNPRIVILEGED = """
import json, sys
from pathlib import Path
from infra.account.emulated import EmulatedAccount
from tests.preflight.platform.small import HOST, Small
small = Small(EmulatedAccount(**{account!r}), {ids!r})
with small.running(Path({folder!r})) as running:
    code = f"import urllib.request; result = urllib.request.urlopen('https://{{HOST}}/x').status"
    end = running.platform.hosts[HOST]
    print(json.dumps([running.outside(code), end.https_port, running.platform.limits]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="without root every other test here is this test")
def test_without_privileges_less_is_checked_and_that_is_said(small: Small, tmp_path: Path) -> None:
    code = _UNPRIVILEGED.format(account=vars(small.account), ids=small.ids, folder=str(tmp_path))

    def drop() -> None:
        for capability in (10, 21):  # CAP_NET_BIND_SERVICE, CAP_SYS_ADMIN of linux/capability.h
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP

    run = subprocess.run(
        [sys.executable, "-c", code], preexec_fn=drop, capture_output=True, text=True, cwd=Path.cwd(), check=False
    )
    assert run.returncode == 0, run.stderr
    status, port, limits = json.loads(run.stdout)
    assert status == 200
    assert port > 1024  # and the client asked on 443
    assert any("no file system of their own" in limit for limit in limits)
