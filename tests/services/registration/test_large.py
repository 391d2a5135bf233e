"""A large model file, up and down by the standard client; the gateway's memory does not grow with it.

1 GiB with the direct lane. MLflow downloads by ranges, and moto reads the whole object for each of them: a gibibyte
takes many minutes, so with MLflow's lane a quarter has to do.
"""

import re
from pathlib import Path

import pytest

from infra.verification.client import run_client
from tests.services.parts.gateway_service import GatewayService

GROWTH_MIB = 64
SIZE_MIB = {"direct": 1024, "mlflow": 256}
# Pages that differ from each other, quickly made; compared while they are read.
SCRIPT = """
import os
import mlflow
from pathlib import Path

MIB, PAGES = 1 << 20, int(os.environ["SIZE_MIB"])
page = lambda number: number.to_bytes(8, "big") * (MIB // 8)
with open("model.bin", "wb") as file:
    for number in range(PAGES):
        file.write(page(number))
with mlflow.start_run() as run:
    mlflow.log_artifact("model.bin")
Path("model.bin").unlink()
got = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="model.bin", dst_path="down")
with open(got, "rb") as file:
    assert all(file.read(MIB) == page(number) for number in range(PAGES)) and not file.read(1)
Path(got).unlink()
mlflow.MlflowClient().delete_run(run.info.run_id)
print("the same")
"""


def peak_mib(service: GatewayService) -> int:
    """The highest resident memory of any of its processes, ever, in MiB."""
    found = [Path(f"/proc/{pid}/status").read_text() for pid in service.pids()]
    return max(int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) for status in found) // 1024


@pytest.mark.long
def test_a_large_file_goes_up_and_down(registry: GatewayService, client_python: Path, tmp_path: Path) -> None:
    assert registry.request("GET", "/api/mlflow/experiments/get?experiment_id=0").status == 200
    before = peak_mib(registry)
    size = {"SIZE_MIB": str(SIZE_MIB[registry.environment["ARTIFACT_LANE"]])}
    result = run_client(
        client_python, SCRIPT, tmp_path, registry.tracking_uri, token=registry.key, environment=size, seconds=300
    )
    assert result.returncode == 0, result.stderr
    assert "the same" in result.stdout
    assert peak_mib(registry) - before < GROWTH_MIB
