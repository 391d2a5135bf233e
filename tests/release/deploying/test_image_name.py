"""What a person may name an image by."""

import pytest

from infra.release.deploying.image_name import digest_or_tag

REPOSITORY = "444455556666.dkr.ecr.us-east-1.amazonaws.com/hokusai/gateway"
DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("given", "means"),
    [
        (DIGEST, DIGEST),
        ("v1.2", "v1.2"),
        ("3f2a-schema-bf29a5ff90ea", "3f2a-schema-bf29a5ff90ea"),
        (f"{REPOSITORY}@{DIGEST}", DIGEST),
        (f"{REPOSITORY}:v1", "v1"),
    ],
)
def test_names(given: str, means: str) -> None:
    assert digest_or_tag(given, REPOSITORY) == means


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (DIGEST[:-1], "a digest is sha256: and 64"),
        (DIGEST.upper(), "neither a digest"),
        ("sha256:" + "A" * 64, "a digest is sha256: and 64"),
        (f"{REPOSITORY}@sha256:1", "a digest is"),
        (f"{REPOSITORY}", "neither a digest"),
        (f"{REPOSITORY[:-7]}mlflow@{DIGEST}", "it is in 444455556666.dkr.ecr.us-east-1.amazonaws.com/hokusai/mlflow"),
        (f"docker.io/library/nginx@{DIGEST}", "it is in docker.io/library/nginx"),
        ("nginx:latest", "neither a digest"),
        ("-v", "neither a digest"),
        ("v1\n", "neither a digest"),
        ("v" * 129, "neither a digest"),
        ("", "neither a digest"),
    ],
)
def test_what_names_none(given: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        digest_or_tag(given, REPOSITORY)
