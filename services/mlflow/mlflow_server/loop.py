"""The event loop of a worker, for uvicorn's `--loop`, and how often Python looks for garbage in a worker.

uvicorn asks for the loop in each worker before it imports MLflow (https://github.com/Kludex/uvicorn,
`Config.get_loop_factory` and `Server.run`), which is the one moment to say something about that import.
"""

import asyncio
import gc

import uvloop

# Python looks after each 700 objects. MLflow makes millions while it is imported, and they stay: a fifth of the four
# seconds of processor time that a worker takes to start went into looking for garbage among them.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The loop of this worker.

    On asyncio's own each answer of more than one worker waits 40 ms for the peer's delayed acknowledgement: uvicorn
    binds their socket such that asyncio leaves TCP_NODELAY off (https://github.com/Kludex/uvicorn/issues/3149).

    Returns:
        uvloop's.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    return uvloop.new_event_loop()
