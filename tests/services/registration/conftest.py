"""The whole chain: standard client, gateway, MLflow, PostgreSQL, S3 with the task roles enforced."""

from collections.abc import Iterator

import pytest

from infra.preflight.parts.auth_double import AuthDouble, running_auth
from tests.services.parts.gateway_service import GatewayService, running_gateway
from tests.services.parts.mlflow_service import MlflowService
from tests.services.parts.object_store import ArtifactStore

KEY = "key-of-an-outside-developer"


@pytest.fixture(scope="package")
def auth() -> Iterator[AuthDouble]:
    with running_auth() as double:
        double.add(KEY, user_id="grace", key_id="key-1")
        yield double


@pytest.fixture(scope="package", params=[pytest.param("mlflow", marks=pytest.mark.long), "direct"])
def registry(
    request: pytest.FixtureRequest,
    mlflow_service: MlflowService,
    auth: AuthDouble,
    artifact_store: ArtifactStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[GatewayService]:
    """The gateway as clients reach it, once with each artifact lane."""
    settings = {"ARTIFACT_LANE": request.param}
    if request.param == "direct":
        settings |= artifact_store.environment()
    folder = tmp_path_factory.mktemp("gateway")
    with running_gateway(mlflow_service.url, auth.url, folder, key=KEY, **settings) as service:
        yield service
