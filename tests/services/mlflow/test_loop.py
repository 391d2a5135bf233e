"""The loop that uvicorn makes in each worker before it imports MLflow."""

import gc
from collections.abc import Iterator

import pytest
import uvloop

from mlflow_server.loop import new_event_loop


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The garbage collector of this test process, as it was."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_it_is_uvloops() -> None:
    loop = new_event_loop()
    try:
        assert isinstance(loop, uvloop.Loop)
    finally:
        loop.close()


def test_garbage_is_looked_for_less_often_from_then_on() -> None:
    youngest, *older = gc.get_threshold()
    new_event_loop().close()
    assert gc.get_threshold()[0] > 50 * youngest
    assert list(gc.get_threshold()[1:]) == older
