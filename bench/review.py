"""How long a review takes and how much memory, by the number of changes. Run by `make bench`.

Each size runs in a process of its own, so that its peak memory is its own. 5,000 changes must take less than 3 s and
500 MB, JSON parsing included; twice the changes must take about twice the time. A review is one thread, so it is
measured in processor time: what others do on the machine does not count.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from infra.review.review import review
from infra.terraform import saved_plan
from tests.review.documents import a_record

SIZES = (1_250, 2_500, 5_000)
MOST_SECONDS = 3.0
MOST_MIB = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", type=Path, help="only review the plan in this folder and print the figures")
    arguments = parser.parse_args()
    if arguments.measure:
        _measure(arguments.measure)
        return
    figures = {size: _run(size) for size in SIZES}
    print(f"{'changes':>8}{'plan':>10}{'review':>10}{'memory':>10}{'ratio':>8}")
    for size, (seconds, mib, megabytes) in figures.items():
        ratio = seconds / figures[SIZES[0]][0] / (size / SIZES[0])
        print(f"{size:8}{megabytes:7.1f} MB{seconds:8.2f} s{mib:6.0f} MiB{ratio:8.2f}")
    seconds, mib, _ = figures[SIZES[-1]]
    print(f"ratio: time a change against {SIZES[0]} changes; at most {MOST_SECONDS} s and {MOST_MIB} MiB")
    sys.exit(0 if seconds < MOST_SECONDS and mib < MOST_MIB else 1)


def _run(size: int) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        document = json.dumps(plan_of(size))
        (Path(folder) / "plan.json").write_text(document)
        with zipfile.ZipFile(Path(folder) / "plan.tfplan", "w") as archive:
            archive.writestr("tfplan", "")
            archive.writestr("tfstate", json.dumps({"lineage": "bench", "serial": 1}))
        command = [sys.executable, __file__, "--measure", folder]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds, mib = map(float, answer.split())
        return seconds, mib, len(document) / 1e6


def _measure(folder: Path) -> None:
    text, file = (folder / "plan.json").read_bytes(), folder / "plan.tfplan"
    record = a_record(
        environment="production", state_lineage="bench", state_serial=1, plan_sha256=saved_plan.sha256(file)
    )
    started = time.process_time()
    result = review(text, file, record)
    seconds = time.process_time() - started
    assert result.secrets  # noqa: S101 - what is measured must be what is meant
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def plan_of(changes: int) -> dict[str, Any]:
    """A plan in which every fifth change is a policy, a task, a bucket, a secret or an alarm.

    Args:
        changes: how many resource changes.

    Returns:
        The plan's JSON.
    """
    makers = (_policy, _task, _bucket, _parameter, _alarm)
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": [makers[number % len(makers)](number) for number in range(changes)],
        "configuration": {"root_module": {}},
        "timestamp": "2026-01-01T00:00:00Z",
        "applyable": True,
        "complete": True,
        "errored": False,
    }


def _entry(number: int, kind: str, before: Any, after: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    module = f'module.part["{number // 50}"]'
    actions = ["create"] if before is None else ["delete"] if after is None else ["update"]
    return {
        "address": f'{module}.{kind}.this["{number}"]',
        "module_address": module,
        "mode": "managed",
        "type": kind,
        "name": "this",
        "index": str(number),
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": actions,
            "before": before,
            "after": after,
            "after_unknown": {"id": True, "arn": True},
            "before_sensitive": more.get("sensitive", {}),
            "after_sensitive": more.get("sensitive", {}),
        },
    }


def _policy(number: int) -> dict[str, Any]:
    def document(*actions: str) -> str:
        resources = [f"arn:aws:s3:::bucket-{number}/{prefix}/*" for prefix in ("a", "b", "c")]
        statements = [{"Sid": f"S{n}", "Effect": "Allow", "Action": actions, "Resource": resources} for n in range(4)]
        return json.dumps({"Version": "2012-10-17", "Statement": statements})

    values = {"name": "app", "role": f"role-{number}", "policy": document("s3:GetObject", "s3:ListBucket")}
    return _entry(number, "aws_iam_role_policy", values, values | {"policy": document("s3:GetObject", "s3:PutObject")})


def _task(number: int) -> dict[str, Any]:
    def containers(image: str) -> str:
        environment = [{"name": f"V{n}", "value": f"value {n} of {number}"} for n in range(20)]
        return json.dumps([{"name": "app", "image": image, "environment": environment, "memory": 512}])

    values = {"family": f"task-{number}", "container_definitions": containers("app:1"), "cpu": "256", "memory": "512"}
    return _entry(number, "aws_ecs_task_definition", values, values | {"container_definitions": containers("app:2")})


def _bucket(number: int) -> dict[str, Any]:
    values = {f"attribute_{n}": f"value {n} of bucket {number}" for n in range(30)}
    return _entry(number, "aws_s3_bucket", None, values | {"bucket": f"bucket-{number}", "tags": {"Name": "x"}})


def _parameter(number: int) -> dict[str, Any]:
    values = {"name": f"/parameter/{number}", "type": "SecureString", "value": f"secret value {number} old"}
    after = values | {"value": f"secret value {number} new", "description": f"see secret value {number - 5} new"}
    return _entry(number, "aws_ssm_parameter", values, after, sensitive={"value": True})


def _alarm(number: int) -> dict[str, Any]:
    values = {f"attribute_{n}": n for n in range(20)} | {"dimensions": {"Service": f"s{number}"}, "threshold": number}
    return _entry(number, "aws_cloudwatch_metric_alarm", values, values | {"threshold": number + 1})


if __name__ == "__main__":
    main()
