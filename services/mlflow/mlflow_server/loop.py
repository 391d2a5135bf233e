"""The event loop of a worker, for uvicorn's `--loop`.

uvicorn asks for the loop in each worker before it imports MLflow (https://github.com/Kludex/uvicorn,
`Config.get_loop_factory` and `Server.run`), which is the one moment to say something about that import.
"""

import asyncio

import uvloop

from mlflow_server.garbage import look_for_it_less_often


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The loop of this worker.

    On asyncio's own each answer of more than one worker waits 40 ms for the peer's delayed acknowledgement: uvicorn
    binds their socket such that asyncio leaves TCP_NODELAY off (https://github.com/Kludex/uvicorn/issues/3149).

    Returns:
        uvloop's.
    """
    look_for_it_less_often()
    return uvloop.new_event_loop()
