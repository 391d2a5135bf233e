"""What the C library does with memory that a passed-on piece of a body has left."""

import ctypes

# The numbers of mallopt(3).
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 32 * 2**20
_MAPPED_BYTES = 4 * 2**20


def keep_freed_memory() -> None:
    """Use the memory of a piece again for the next one, instead of giving it back to the kernel in between.

    Pieces of bodies have 256 KiB. By itself glibc gives back what is freed at the end of its heap, and the kernel fills
    the next piece's pages with zeros: a third of the processor time of a large download. At most 32 MiB stay with an
    idle worker. Another C library than glibc has its own ways and is left alone.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)
