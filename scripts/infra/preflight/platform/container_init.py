"""Process 1 of a container: sets it up, starts its program, passes signals on, and leaves nothing behind.

    python -S -E container_init.py < SPECIFICATION

The specification is JSON (`Specification` in container.py); it comes through a pipe, since everybody can read a
command line. This runs by itself, with nothing but the standard library, so that it starts in some milliseconds.
SIGTERM goes to the program; SIGHUP, which is also what comes when preflight itself is gone, ends everything in the
container at once.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import stat
import sys
from pathlib import Path
from typing import Any

# linux/prctl.h, linux/sched.h, sys/mount.h
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_MS_NOATIME, _MS_NODIRATIME, _MS_RELATIME = 1024, 2048, 1 << 21
_FLAGS = {
    "ro": _MS_RDONLY,
    "nosuid": _MS_NOSUID,
    "nodev": _MS_NODEV,
    "noexec": _MS_NOEXEC,
    "noatime": _MS_NOATIME,
    "nodiratime": _MS_NODIRATIME,
    "relatime": _MS_RELATIME,
}
_NOT_FILES = ("/proc", "/sys", "/dev")
_KILLED = 137
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    """Run a container to its end; its exit code."""
    specification = json.load(sys.stdin)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGHUP, _end_at_once)
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGHUP), 0, 0, 0)
    if os.getppid() != specification["parent"]:
        return _KILLED
    if specification["namespace"]:
        _own_files(specification)
    for name, (soft, hard) in specification["ulimits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (soft, hard))
    if specification["cpus"]:
        os.sched_setaffinity(0, specification["cpus"])
    program = os.fork()
    if program == 0:
        _become(specification)
    signal.signal(signal.SIGTERM, lambda _number, _frame: _signal(program, signal.SIGTERM))
    code = _wait_for(program)
    _kill_all()
    return code


def _become(specification: dict[str, Any]) -> None:
    """In the child: the container's user and program."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    try:
        if specification["user"] is not None:
            uid, gid = specification["user"]
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        # Asked for by the user who keeps it; the program of a container ends with process 1, however that ends.
        _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        command, environment = specification["command"], specification["environment"]
        os.chdir(specification["directory"])
        os.execvpe(command[0], command, environment)  # noqa: S606 - no shell, as in a container
    except OSError as error:
        # In the words of a container runtime.
        print(f'exec: "{specification["command"][0]}": {error.strerror}', file=sys.stderr, flush=True)
    os._exit(127)


def _own_files(specification: dict[str, Any]) -> None:
    """A mount namespace: scratch where the task definition mounts it, everything else read-only if it says so."""
    uid, gid = os.getuid(), os.getgid()
    if uid == 0:
        _call("unshare", _libc.unshare(_CLONE_NEWNS))
    else:
        _call("unshare", _libc.unshare(_CLONE_NEWNS | _CLONE_NEWUSER))
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    _mount(None, "/", _MS_REC | _MS_PRIVATE)
    if specification["read_only"]:
        for point, flags in _mounts():
            with contextlib.suppress(OSError):  # what cannot be changed here cannot be written by the program's user
                _mount(None, point, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | flags)
    # What is mounted may cover where other things come from: all are held before the first mount.
    kept = {path: os.open(path, os.O_PATH) for path in specification["needed"]}
    volumes = {path: os.open(folder, os.O_PATH) for path, folder in specification["mounts"].items()}
    for path in _closed_folders(specification):
        _mount("tmpfs", path, _MS_NOSUID | _MS_NODEV, "tmpfs", "mode=0755,size=1m")
        _mount_needed(path, kept)
    for path, volume in volumes.items():
        if not Path(path).is_dir():
            continue  # of the image's own file system; there is none here
        _mount(f"/proc/self/fd/{volume}", path, _MS_BIND)
        _mount(None, path, _MS_REMOUNT | _MS_BIND | _MS_NOSUID | _MS_NODEV)
        _mount_needed(path, kept)
    for handle in (*kept.values(), *volumes.values()):
        os.close(handle)


def _closed_folders(specification: dict[str, Any]) -> list[str]:
    """Folders that another user cannot pass, above what the program is made of: a person's home, as a rule."""
    found: list[str] = []
    for needed in specification["needed"] if specification["user"] else ():
        for folder in reversed(Path(needed).parents):
            if not folder.stat().st_mode & stat.S_IXOTH:
                if str(folder) not in found:
                    found.append(str(folder))
                break
    return found


def _mount_needed(point: str, kept: dict[str, int]) -> None:
    """What the program is made of may lie where something else was mounted: it is mounted there again."""
    for needed, handle in kept.items():
        if not needed.startswith(point.rstrip("/") + "/"):
            continue
        target = Path(needed)
        if os.path.isdir(f"/proc/self/fd/{handle}"):  # noqa: PTH112 - a path that only the kernel knows
            target.mkdir(parents=True, exist_ok=True)
        elif not target.exists():  # in a folder that was mounted again it is there, and cannot be touched
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        _mount(f"/proc/self/fd/{handle}", needed, _MS_BIND)
        _mount(None, needed, _MS_REMOUNT | _MS_BIND | _MS_RDONLY)


def _mounts() -> list[tuple[str, int]]:
    """Mount points with their flags, without those of the kernel's own file systems."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split(" ")
        point = fields[4].encode().decode("unicode_escape")
        if not any(point == each or point.startswith(each + "/") for each in _NOT_FILES):
            flags = 0
            for name in fields[5].split(","):
                flags |= _FLAGS.get(name, 0)
            found.append((point, flags))
    return found


def _mount(source: str | None, target: str, flags: int, kind: str | None = None, options: str | None = None) -> None:
    origin, sort, more = (None if text is None else text.encode() for text in (source, kind, options))
    _call(f"mount {target}", _libc.mount(origin, target.encode(), sort, ctypes.c_ulong(flags), more))


def _call(what: str, result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _wait_for(program: int) -> int:
    """Reap everything until the program ends; its exit code as a shell tells it."""
    while True:
        pid, status = os.wait()
        if pid == program:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _end_at_once(_number: int, _frame: object) -> None:
    _kill_all()
    os._exit(_KILLED)


def _kill_all() -> None:
    """Kill all descendants; what they leave behind becomes a child of this process, since it is their reaper."""
    while True:
        children = Path(f"/proc/self/task/{os.getpid()}/children")
        try:
            pids = [int(each) for each in children.read_text().split()]
        except FileNotFoundError:
            pids = _children_by_stat()
        for pid in pids:
            _signal(pid, signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


def _children_by_stat() -> list[int]:
    """The same where the kernel keeps no list of children."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(folder.name))
    return found


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


if __name__ == "__main__":
    sys.exit(main())
