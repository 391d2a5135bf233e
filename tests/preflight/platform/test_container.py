"""A container: what is run beside it ends with whoever asked."""

import asyncio
import os
from pathlib import Path

import pytest

from infra.preflight.platform.container import Container, Specification


def test_a_cancellation_is_not_forgotten_when_the_command_ends_at_the_same_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that is killed while its health is checked would be checked for ever."""

    async def check() -> asyncio.Task[int | None]:
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        container = await Container.start(Specification(("sleep", "60"), dict(os.environ)), tmp_path / "log")
        try:
            with monkeypatch.context() as patch:
                patch.setattr(Container, "wait", lambda _self: ended)
                checking = asyncio.create_task(container.run_beside(("true",), tmp_path / "beside", 30))
                while not (tmp_path / "beside").exists():
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.2)
                ended.set_result(0)
                checking.cancel()
                await asyncio.wait([checking])
        finally:
            await container.kill()
        return checking

    assert asyncio.run(check()).cancelled()
