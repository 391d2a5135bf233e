"""How many server processes and database connections suit the task that this runs in."""

import json
import math
import os
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlflow_server.errors import ServerError

# Measured with MLflow 3.17.2 (PSS): 434 MiB with one worker, 972 MiB with four; artifacts are spooled to disk and add
# less than 100 MiB to a worker, other request bodies are held in memory whole.
_BASE_MIB = 512
_WORKER_MIB = 384
# MLflow keeps three pools a worker (tracking, registry, jobs). All of them full, in as many tasks as an environment may
# have and a deployment doubles, is what its RDS instance accepts (memory / 9531392 bytes: db.t4g.micro 112,
# db.m7g.large 901): development 2 * 2 * 2 * 3 * 4 = 96, production 2 * 9 * 2 * 3 * 8 = 864.
_POOL_A_CPU = 4
# A request may hold two connections (log-batch opens a session within a session): with two in all, two such requests
# wait for each other until both fail, after 30 s and with 400.
_LEAST_CONNECTIONS = 4
_METADATA_SECONDS = 2.0
_MIB = 1 << 20


@dataclass(frozen=True)
class TaskSize:
    """What the task may use.

    Args:
        cpus: vCPU; less than one is possible.
        memory_mib: MiB.
    """

    cpus: float
    memory_mib: int


@dataclass(frozen=True)
class Sizing:
    """What the server is started with.

    Args:
        workers: server processes.
        pool_size: connections that each pool of a worker keeps.
        max_overflow: connections that it may open beyond.
    """

    workers: int
    pool_size: int
    max_overflow: int


def sizing(size: TaskSize, workers: int | None) -> Sizing:
    """Processes and connections for a task.

    A process a vCPU, since Python runs on one; two at least, so that one long upload does not hold up the rest; never
    more than memory holds.

    Args:
        size: the task's.
        workers: said explicitly; None: derived.
    """
    fitting = max(1, (size.memory_mib - _BASE_MIB) // _WORKER_MIB)
    count = workers or min(max(2, math.ceil(size.cpus)), fitting)
    pool = max(1, min(_POOL_A_CPU, round(_POOL_A_CPU * size.cpus / count)))
    return Sizing(count, pool_size=pool, max_overflow=max(pool, _LEAST_CONNECTIONS - pool))


def task_size(values: Mapping[str, str], cgroup: Path = Path("/sys/fs/cgroup")) -> TaskSize:
    """The size of the task that this process runs in.

    On ECS from the task metadata (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/
    task-metadata-endpoint-v4-fargate-response.html: `Limits`, CPU in vCPU, Memory in MiB), elsewhere from the control
    group, else from the machine.

    Args:
        values: the process environment.
        cgroup: root of the control groups, version 2.

    Raises:
        ServerError: this is ECS, and its metadata endpoint does not answer.
    """
    metadata = values.get("ECS_CONTAINER_METADATA_URI_V4")
    if metadata:
        try:
            with urllib.request.urlopen(f"{metadata}/task", timeout=_METADATA_SECONDS) as answer:  # noqa: S310 - from ECS
                limits = json.load(answer)["Limits"]
                return TaskSize(float(limits["CPU"]), int(limits["Memory"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ServerError(f"The ECS metadata endpoint does not tell the task's size: {error}") from None
    return TaskSize(_cgroup_cpus(cgroup) or len(os.sched_getaffinity(0)), _cgroup_memory(cgroup) or _machine_memory())


def _cgroup_cpus(cgroup: Path) -> float | None:
    file = cgroup / "cpu.max"
    quota, period = file.read_text().split() if file.is_file() else ("max", "100000")
    return None if quota == "max" else int(quota) / int(period)


def _cgroup_memory(cgroup: Path) -> int | None:
    file = cgroup / "memory.max"
    text = file.read_text().strip() if file.is_file() else "max"
    return None if text == "max" else int(text) // _MIB


def _machine_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MIB
