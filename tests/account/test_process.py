"""The account process starts, is found, is copied, ends when it should, leaves nothing and says what is wrong."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.account.emulated import READY_FILE, EmulatedAccount, find, start
from infra.account.errors import AccountError

ACCOUNT_ID, REGION = "210987654321", "us-east-1"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmulatedAccount]:
    """An account process of the test's own, which the test may end."""
    running = start(tmp_path, ACCOUNT_ID, REGION, parent_pid=os.getpid(), idle_seconds=120)
    yield running
    running.stop()


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def call(account: EmulatedAccount, method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", account.port, timeout=10)
    connection.request(method, path, headers=headers or {})
    response = connection.getresponse()
    answer = response.status, response.read().decode()
    connection.close()
    return answer


def test_it_is_the_account_and_region_that_was_asked_for(own: EmulatedAccount) -> None:
    assert own.client("sts").get_caller_identity()["Account"] == ACCOUNT_ID
    assert own.client("sqs").create_queue(QueueName="q")["QueueUrl"].startswith(f"{own.endpoint}/{ACCOUNT_ID}/")
    topic = own.client("sns").create_topic(Name="t")["TopicArn"]
    assert topic == f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:t"


def test_its_ready_file_says_what_http_says(own: EmulatedAccount, tmp_path: Path) -> None:
    status, body = call(own, "GET", "/infra/account")
    assert status == 200
    assert json.loads(body) == json.loads((tmp_path / READY_FILE).read_text())
    assert find(tmp_path) == own
    assert own.alive()


def test_a_busy_account_is_not_taken_for_gone(own: EmulatedAccount, tmp_path: Path) -> None:
    os.kill(own.pid, signal.SIGSTOP)
    resumed = threading.Timer(7, os.kill, (own.pid, signal.SIGCONT))
    resumed.start()
    assert find(tmp_path) == own, "with everything that was applied to it"
    resumed.join()


def test_it_listens_on_loopback_only(own: EmulatedAccount) -> None:
    table = Path("/proc/net/tcp")
    if not table.exists():
        pytest.fail("this machine does not say who listens (no /proc), so it could not be checked")
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{own.port:04X}")]
    assert listening == [f"0100007F:{own.port:04X}"]  # 127.0.0.1 as a little-endian number


def test_stopping_leaves_neither_process_nor_file(own: EmulatedAccount, tmp_path: Path) -> None:
    own.client("s3").create_bucket(Bucket="a-bucket")
    started = time.monotonic()
    own.stop()
    assert time.monotonic() - started < 20
    assert list(tmp_path.iterdir()) == []
    assert not own.alive()
    assert find(tmp_path) is None
    with pytest.raises(ProcessLookupError):
        os.kill(own.pid, 0)
    own.stop()  # nothing to do, and no complaint


def test_sigterm_stops_it_in_good_order(own: EmulatedAccount, tmp_path: Path) -> None:
    os.kill(own.pid, signal.SIGTERM)
    assert eventually(lambda: not own.alive() and not list(tmp_path.iterdir()))


def test_only_who_knows_the_account_can_stop_or_copy_it(own: EmulatedAccount) -> None:
    for path in ("/infra/stop", "/infra/fork"):
        assert call(own, "POST", path)[0] == 403
        assert call(own, "POST", path, {"X-Infra-Instance": "another"})[0] == 403
    assert call(own, "GET", "/infra/stop")[0] == 404
    assert own.alive()


def test_a_second_one_in_the_same_directory_is_refused(own: EmulatedAccount, tmp_path: Path) -> None:
    with pytest.raises(AccountError, match=f"process {own.pid}.* already: use it, or stop it"):
        start(tmp_path, ACCOUNT_ID, REGION)
    assert own.alive()


def test_a_taken_port_is_one_clear_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AccountError, match=f"Port {port} on 127.0.0.1 cannot be taken") as error:
            start(tmp_path, ACCOUNT_ID, REGION, port=port)
    assert "PORT=0" in str(error.value)
    assert "Traceback" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_ends_the_program_with_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        arguments = ["--account-id", ACCOUNT_ID, "--region", REGION, "--port", port]
        ended = subprocess.run(
            [sys.executable, "-m", "infra.account.server", *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1


def test_it_ends_when_nobody_asks(tmp_path: Path) -> None:
    idle = start(tmp_path, ACCOUNT_ID, REGION, parent_pid=os.getpid(), idle_seconds=1)
    # Asking whether it is alive is no use of the account.
    assert eventually(lambda: not idle.alive())
    assert list(tmp_path.iterdir()) == []


def test_it_ends_with_the_process_that_it_watches(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    account = start(tmp_path, ACCOUNT_ID, REGION, parent_pid=parent.pid, idle_seconds=120)
    parent.kill()  # and not waited for: a zombie is gone, too
    assert eventually(lambda: not account.alive())
    assert list(tmp_path.iterdir()) == []
    parent.communicate()


def test_a_ready_file_of_a_killed_account_is_removed(own: EmulatedAccount, tmp_path: Path) -> None:
    os.kill(own.pid, signal.SIGKILL)
    assert eventually(lambda: not own.alive())
    assert (tmp_path / READY_FILE).exists()
    assert find(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', '{"instance_id": "another"}'])
def test_a_ready_file_that_is_none_is_removed(own: EmulatedAccount, tmp_path: Path, content: str) -> None:
    file = tmp_path / READY_FILE
    if content == '{"instance_id": "another"}':  # the port went to another account
        content = json.dumps(json.loads(file.read_text()) | {"instance_id": "another"})
    file.write_text(content)
    assert find(tmp_path) is None
    assert not file.exists()


def test_find_in_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    assert find(tmp_path / "nowhere") is None


def test_a_copy_has_everything_and_is_independent_both_ways(own: EmulatedAccount) -> None:
    s3, kms = own.client("s3"), own.client("kms")
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="large", Body=os.urandom(40 * 1024 * 1024))
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId=key, Plaintext=b"weights")["CiphertextBlob"]
    signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    ssm = own.client("ssm")
    ssm.put_parameter(Name="/a", Value="1", Type="String")

    copy = own.fork()
    try:
        assert copy.account_id == own.account_id
        assert copy.port != own.port
        assert copy.instance_id != own.instance_id
        # Everything that was there, is there: the object byte for byte, the keys as keys.
        etag = s3.head_object(Bucket="models", Key="large")["ETag"]
        assert copy.client("s3").get_object(Bucket="models", Key="large")["Body"].read(10) != b""
        assert copy.client("s3").head_object(Bucket="models", Key="large")["ETag"] == etag
        assert copy.client("kms").decrypt(CiphertextBlob=secret)["Plaintext"] == b"weights"
        arguments = {"KeyId": signing, "Message": b"m", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
        signature = copy.client("kms").sign(**arguments)["Signature"]
        assert kms.verify(**arguments, Signature=signature)["SignatureValid"]
        # Writes on either side stay there, also inside what both have.
        copy.client("ssm").put_parameter(Name="/a", Value="copy", Type="String", Overwrite=True)
        ssm.put_parameter(Name="/b", Value="origin", Type="String")
        copy.client("s3").put_object(Bucket="models", Key="large", Body=b"small")
        own.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        assert ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "1"
        with pytest.raises(copy.client("ssm").exceptions.ParameterNotFound):
            copy.client("ssm").get_parameter(Name="/b")
        assert s3.head_object(Bucket="models", Key="large")["ContentLength"] == 40 * 1024 * 1024
        assert copy.client("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    finally:
        copy.stop()
    assert own.alive()


def test_a_copy_takes_less_than_a_second_however_much_is_in_it(own: EmulatedAccount) -> None:
    s3 = own.client("s3")
    s3.create_bucket(Bucket="models")
    for number in range(200):
        s3.put_object(Bucket="models", Key=f"object-{number}", Body=b"x" * 100_000)
    times = []
    for _ in range(5):
        started = time.monotonic()
        copy = own.fork()
        copy.client("s3")
        assert copy.alive()
        times.append(time.monotonic() - started)
        copy.stop()
    assert min(times) < 1, times


def test_a_copy_of_a_copy(own: EmulatedAccount) -> None:
    own.client("s3").create_bucket(Bucket="first")
    copy = own.fork()
    copy.client("s3").create_bucket(Bucket="second")
    grandchild = copy.fork()
    names = [bucket["Name"] for bucket in grandchild.client("s3").list_buckets()["Buckets"]]
    assert names == ["first", "second"]
    copy.stop()
    assert eventually(lambda: not grandchild.alive())
    assert own.alive()


def test_a_request_that_is_still_on_its_way_is_the_origins_alone(own: EmulatedAccount) -> None:
    """A slow upload neither holds up a copy nor another request, and is not copied half done."""
    own.client("s3").create_bucket(Bucket="models")
    with socket.create_connection(("127.0.0.1", own.port), timeout=10) as upload:
        upload.sendall(b"PUT /models/slow HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: AWS4-HMAC-SHA256 ")
        upload.sendall(b"Credential=A/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n")
        upload.sendall(b"Content-Length: 4\r\n\r\nab")
        time.sleep(0.3)
        own.client("s3").put_object(Bucket="models", Key="fast", Body=b"x")
        copy = own.fork()
        upload.sendall(b"cd")
        assert b" 200 " in upload.recv(100)
    assert own.client("s3").get_object(Bucket="models", Key="slow")["Body"].read() == b"abcd"
    assert [each["Key"] for each in copy.client("s3").list_objects_v2(Bucket="models")["Contents"]] == ["fast"]
    copy.stop()


def test_copying_while_many_requests_run(own: EmulatedAccount) -> None:
    s3 = own.client("s3")
    s3.create_bucket(Bucket="models")

    def put(number: int) -> None:
        s3.put_object(Bucket="models", Key=f"object-{number:03}", Body=b"x" * 100_000)

    def keys(account: EmulatedAccount) -> list[str]:
        listed = account.client("s3").list_objects_v2(Bucket="models")
        return [each["Key"] for each in listed.get("Contents", [])]

    with ThreadPoolExecutor(8) as threads:
        writing = [threads.submit(put, number) for number in range(100)]
        copies = [own.fork() for _ in range(5)]
        for each in writing:
            each.result()
    for copy in copies:
        for key in keys(copy):  # whatever had arrived, has arrived whole
            assert copy.client("s3").head_object(Bucket="models", Key=key)["ContentLength"] == 100_000
        copy.stop()
    assert len(keys(own)) == 100


def attempt(account: EmulatedAccount, call: str, body: str) -> str:
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host",
        "Content-Type": "application/x-www-form-urlencoded",
        "amz-sdk-invocation-id": call,
    }
    connection = http.client.HTTPConnection("127.0.0.1", account.port, timeout=10)
    connection.request("POST", "/", body, headers)
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer


def test_who_lost_an_answer_gets_it_again(own: EmulatedAccount) -> None:
    """As every AWS SDK does after a broken connection: the same call with the same invocation id."""
    create = "Action=CreateSecurityGroup&Version=2016-11-15&GroupName=once&GroupDescription=d"
    first = attempt(own, "call-1", create)
    assert "<groupId>sg-" in first
    assert attempt(own, "call-1", create) == first
    assert "InvalidGroup.Duplicate" in attempt(own, "call-2", create)  # a call of its own
    # What was refused is tried again in earnest.
    use = "Action=DeleteSecurityGroup&Version=2016-11-15&GroupName=later"
    assert "InvalidGroup.NotFound" in attempt(own, "call-3", use)
    attempt(own, "call-4", create.replace("once", "later"))
    assert "InvalidGroup.NotFound" not in attempt(own, "call-3", use)


def test_calls_at_the_same_time_do_not_lose_each_others_changes(own: EmulatedAccount) -> None:
    ec2 = own.client("ec2")
    group = ec2.create_security_group(GroupName="g", Description="d")["GroupId"]

    def authorize(port: int) -> str:
        permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
        rules = ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[permission])["SecurityGroupRules"]
        return str(rules[0]["SecurityGroupRuleId"])

    def revoke(rule: str) -> None:
        ec2.revoke_security_group_egress(GroupId=group, SecurityGroupRuleIds=[rule])

    with ThreadPoolExecutor(8) as threads:
        rules = list(threads.map(authorize, range(1, 41)))
        list(threads.map(revoke, rules[::2]))
    filters = [{"Name": "group-id", "Values": [group]}]
    left = ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    assert {each["SecurityGroupRuleId"] for each in left} >= set(rules[1::2])
    assert not {each["SecurityGroupRuleId"] for each in left} & set(rules[::2])


def test_a_copy_ends_with_its_origin_unless_told_to_outlive_it(own: EmulatedAccount) -> None:
    ends, stays = own.fork(), own.fork(outlive=True, parent_pid=os.getpid(), idle_seconds=60)
    own.stop()
    assert eventually(lambda: not ends.alive())
    assert stays.client("sts").get_caller_identity()["Account"] == ACCOUNT_ID
    stays.stop()
    assert not stays.alive()


def test_a_copy_may_have_a_shorter_life_of_its_own(own: EmulatedAccount) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    watching, idle = own.fork(parent_pid=parent.pid), own.fork(idle_seconds=0.5)
    parent.kill()
    parent.communicate()
    assert eventually(lambda: not watching.alive() and not idle.alive())
    assert own.alive()


def test_an_origin_leaves_no_zombies_of_its_copies(own: EmulatedAccount) -> None:
    copy = own.fork()
    copy.stop()

    def reaped() -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.kill(copy.pid, 0)
            return False
        return True

    assert eventually(reaped)


def test_copying_an_account_that_is_gone_says_so(own: EmulatedAccount) -> None:
    own.stop()
    with pytest.raises(AccountError, match=r"No emulated account answers on 127.0.0.1:\d+ .*make account-up"):
        own.fork()


def test_its_environment_is_complete_and_nothing_of_the_persons_own_is_left(own: EmulatedAccount) -> None:
    person = {
        "PATH": "/bin",
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "token",
        "AWS_CA_BUNDLE": "/etc/ssl/cert.pem",
        "AWS_ENDPOINT_URL_S3": "https://elsewhere",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_CONFIG_FILE": "/home/me/.aws/config",
        "AWS_ROLE_ARN": "arn:aws:iam::1:role/r",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "HTTPS_PROXY": "http://proxy:3128",
        "http_proxy": "http://proxy:3128",
        "no_proxy": "*",
    }
    environment = own.environment(person)
    assert environment == {
        "PATH": "/bin",
        "HTTPS_PROXY": "http://proxy:3128",
        "AWS_ACCESS_KEY_ID": "AKIAEMULATED00000000",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": own.endpoint,
        "HTTP_PROXY": own.endpoint,
        "INFRA_ACCOUNT_INSTANCE": own.instance_id,
        "NO_PROXY": "127.0.0.1,localhost",
    }
    assert "PATH" not in own.environment()


def test_boto3_reaches_it_through_its_environment_alone(own: EmulatedAccount) -> None:
    program = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    said = subprocess.run(
        [sys.executable, "-c", program],
        env=own.environment({"PATH": os.environ["PATH"], "AWS_PROFILE": "of-a-person"}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == ACCOUNT_ID


def test_its_clients_do_not_care_about_the_process_environment(
    own: EmulatedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-a-person")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere")
    assert own.client("sts").get_caller_identity()["Account"] == ACCOUNT_ID
    # S3 control: the account id is part of the host name.
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    control = own.client("s3control")
    control.put_public_access_block(AccountId=ACCOUNT_ID, PublicAccessBlockConfiguration=block)
    assert control.get_public_access_block(AccountId=ACCOUNT_ID)["PublicAccessBlockConfiguration"] == block
