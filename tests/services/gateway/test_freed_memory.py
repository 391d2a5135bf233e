"""Memory of a piece that was passed on serves the next one: the kernel is not asked for it again."""

import subprocess

from infra.repository import SERVICES
from infra.tool_environment import service_environment

_ROUNDS = 200
_PIECES = f"""
import resource, sys
from gateway.freed_memory import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def pass_on():
    pieces = [b"x" * 2**18 for _ in range(8)]
pass_on()
before = faults()
for _ in range({_ROUNDS}):
    pass_on()
print(faults() - before)
"""


def page_faults(how: str) -> int:
    """How often the kernel had to find memory for a process that passes on eight pieces at a time."""
    command = [str(service_environment("gateway")), "-c", _PIECES, how]
    environment = {"PYTHONPATH": str(SERVICES / "gateway")}
    return int(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def test_the_next_piece_lies_where_the_last_one_was() -> None:
    assert page_faults("kept") < _ROUNDS
    assert page_faults("given back") > 100 * _ROUNDS, "glibc does so by itself by now: the module can go"
