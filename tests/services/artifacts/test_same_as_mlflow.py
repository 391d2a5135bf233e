"""The same calls through MLflow and through the direct lane: the same answers and the same objects in S3."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.services.artifacts.serving import Reply, ask, serving_lane
from tests.services.parts.mlflow_service import MlflowService
from tests.services.parts.object_store import ArtifactStore

_DATA: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "calls.yaml").read_text())
_PHASES = ("uploads", "reads", "deletes", "denied")
_CALLS = {name: call for phase in _PHASES for name, call in _DATA[phase].items()}
_ROUTES = {"api": "/api/2.0/mlflow-artifacts/artifacts", "ajax": "/ajax-api/2.0/mlflow-artifacts/artifacts"}
# What the lane says beyond MLflow: how long, which version, and that it may be asked for in parts.
_MORE = {"content-length", "etag", "last-modified", "accept-ranges", "cache-control"}
_COMPARED = ("content-type", "content-disposition", "x-content-type-options")

Observed = dict[str, Reply]
Objects = dict[str, tuple[bytes, str, str]]


@pytest.fixture(scope="module")
def sessions(
    mlflow_service: MlflowService, artifact_store: ArtifactStore
) -> Iterator[tuple[tuple[Observed, list[Objects]], tuple[Observed, list[Objects]]]]:
    """All calls in their order through both lanes, each over a copy of the same account."""
    copy = artifact_store.fork()
    try:
        with serving_lane(copy.environment()) as lane:
            yield _session(mlflow_service.port, artifact_store), _session(lane.port, copy)
    finally:
        copy.account.stop()


def _session(port: int, store: ArtifactStore) -> tuple[Observed, list[Objects]]:
    replies, objects = {}, []
    for phase in _PHASES:
        for name, call in _DATA[phase].items():
            if denied := call.get("deny"):
                store.allow(listing=False) if denied == "s3:ListBucket" else store.deny(denied)
            replies[name] = _made(port, call)
        store.allow()
        objects.append(_objects(store))
    return replies, objects


def _made(port: int, call: dict[str, Any]) -> Reply:
    target = _ROUTES[call.get("route", "api")] + call.get("path", "")
    target += f"?{call['query']}" if "query" in call else ""
    body: Any = call["body"].encode() if "body" in call else None
    if "chunks" in call:
        body = iter([chunk.encode() for chunk in call["chunks"]])
    return ask(port, call["method"], target, body, call.get("headers"))


def _objects(store: ArtifactStore) -> Objects:
    found, s3 = {}, store.client()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=store.bucket):
        for key in [entry["Key"] for entry in page.get("Contents", [])]:
            answer = s3.get_object(Bucket=store.bucket, Key=key)
            found[key] = answer["Body"].read(), answer["ContentType"], answer.get("ContentEncoding", "")
    return found


def _seen(reply: Reply) -> dict[str, Any]:
    """What is compared of an answer."""
    error_code = None
    if reply.status >= 400:
        try:
            error_code = json.loads(reply.body)["error_code"]
        except (ValueError, KeyError):
            error_code = None
    seen: dict[str, Any] = {"status": reply.status, "error_code": error_code}
    if reply.status < 300:
        seen["body"] = reply.body.decode("latin-1")
    return seen


@pytest.mark.parametrize("name", _CALLS)
def test_answer(name: str, sessions: Any) -> None:
    mlflow, lane = (session[0][name] for session in sessions)
    difference = next((d for d in _DATA["differences"] if name in d["calls"]), None)
    seen = {"mlflow": _seen(mlflow), "lane": _seen(lane)}
    if difference is None:
        if _CALLS[name]["method"] == "HEAD" and mlflow.status >= 400:
            seen["mlflow"].pop("error_code")
        assert seen["lane"] == seen["mlflow"], f"{lane}\n{mlflow}"
        if lane.status < 300:
            assert {h: lane.headers.get(h) for h in _COMPARED} == {h: mlflow.headers.get(h) for h in _COMPARED}
        return
    for side in ("mlflow", "lane"):
        found = [seen[side].get(field, "") for field in difference["fields"]]
        if _CALLS[name]["method"] == "HEAD":
            assert found[0] == difference[side][0]  # an answer to HEAD has no body to hold a code
        else:
            assert found == difference[side], f"{side}: {seen[side]}"


@pytest.mark.parametrize("name", [name for name in _CALLS if name.startswith("get ")])
def test_downloads_say_more_than_mlflow(name: str, sessions: Any) -> None:
    mlflow, lane = (session[0][name] for session in sessions)
    if lane.status in (200, 206):
        assert set(lane.headers) >= _MORE
        assert lane.headers["content-length"] == str(len(lane.body))
        assert not {"etag", "last-modified", "accept-ranges"} & set(mlflow.headers), "MLflow says it too now"


@pytest.mark.parametrize("phase", range(len(_PHASES)), ids=_PHASES)
def test_the_bucket_holds_the_same(phase: int, sessions: Any) -> None:
    (_, mlflow), (_, lane) = sessions
    assert lane[phase] == mlflow[phase]


def test_the_session_writes_and_deletes_something(sessions: Any) -> None:
    (_, (uploaded, _, left, _)), _ = sessions
    assert "artifacts/9/lane/artifacts/a b+c.txt" in uploaded
    assert "artifacts/9/lane/artifacts/model-ab/model.pkl" in left
    assert "artifacts/9/lane/artifacts/model-a/model.pkl" not in left


def test_every_difference_is_about_calls_that_are_made() -> None:
    named = [name for difference in _DATA["differences"] for name in difference["calls"]]
    assert set(named) <= set(_CALLS)
    assert len(named) == len(set(named))
