"""A copy of the test process's account for each test that writes, and moto as it comes, to see what the gaps change."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from moto.server import ThreadedMotoServer

from infra.account.emulated import EmulatedAccount


@pytest.fixture
def copy(account: EmulatedAccount) -> Iterator[EmulatedAccount]:
    """A copy of the empty account, for this test alone."""
    forked = account.fork()
    yield forked
    forked.stop()


@pytest.fixture(scope="module")
def bare(account: EmulatedAccount) -> Iterator[EmulatedAccount]:
    """Moto without the gaps, in this process (which never fills them), behind the same client."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield replace(account, port=port, instance_id="bare")
    server.stop()
