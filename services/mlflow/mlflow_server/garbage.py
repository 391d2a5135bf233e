"""How often Python looks for garbage in a process that imports MLflow."""

import gc

_OBJECTS_BETWEEN_LOOKS = 50_000


def look_for_it_less_often() -> None:
    """For the rest of this process.

    Python looks after each 700 new objects. MLflow makes millions while it is imported, and they stay: a quarter of
    the three seconds of processor time that it takes went into looking for garbage among them.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS, *gc.get_threshold()[1:])
