"""Building the image of a service from this checkout and pushing it to its repository, with docker or podman.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-push-ecr-image.html
"""

import base64
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.account.selection import Account
from infra.console import note, progress
from infra.environment import Environment
from infra.errors import InfraError
from infra.git import git
from infra.release.aws_call import asked
from infra.release.deploying.image_source import Image, Repository
from infra.release.tasks.schema import PROGRAM
from infra.repository import ROOT, revision

_ENGINES: Final = ("docker", "podman")
_PLATFORM: Final = "linux/amd64"
_SHOWN: Final = 12


@dataclass(frozen=True)
class Engine:
    """Something that builds and pushes images.

    Args:
        path: of the program.
    """

    path: str

    def run(self, *arguments: str, typed: str | None = None) -> str:
        """Run it.

        Args:
            arguments: of the program.
            typed: what it reads, for what must not stand on a command line.

        Returns:
            What it printed to stdout.

        Raises:
            InfraError: it failed; with its last lines.
        """
        result = subprocess.run([self.path, *arguments], input=typed, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            said = "\n".join(f"  {line}" for line in (result.stderr or result.stdout).strip().splitlines()[-_SHOWN:])
            raise InfraError(f"`{Path(self.path).name} {' '.join(arguments)}` failed:\n{said}")
        return result.stdout.strip()


def build_image(environment: Environment, account: Account, repository: Repository) -> Image:
    """The image of what is checked out here, pushed to the program's repository.

    Args:
        environment: whose repository it is.
        account: its own.
        repository: of the program.

    Returns:
        The image. One that was pushed from this commit before is taken as it is: tags are immutable.

    Raises:
        InfraError: it is not built here, there is nothing to build it with, its source is not committed, or a step
            failed. Nothing but the image itself was made.
    """
    program, source = repository.program, ROOT / "services" / repository.program
    instead = (
        f"Build and push it elsewhere (docs/deploying.md), and name it: `make deploy ENV={environment.name} "
        f"SERVICE={program} IMAGE=<tag or sha256:…>`."
    )
    if not (source / "Dockerfile").is_file():
        raise InfraError(f"{program} is built in a repository of its own, not here. {instead}")
    if account.emulated:
        raise InfraError(
            f"Nobody can push into an emulated account. Name any digest to try a deploy there: `make deploy "
            f"ENV={environment.name} SERVICE={program} IMAGE=sha256:<64 hexadecimal digits>`."
        )
    commit = _committed(source)
    pushed = next((tag for each in repository.newest() for tag in each.get("imageTags", []) if _is_of(tag, commit)), "")
    if pushed:
        note(f"  {program} was built from commit {commit} before: {pushed}")
        return repository.image(pushed)
    engine = find_engine(instead)
    local = f"{repository.url}:{commit}"
    with progress(f"building {program} from commit {commit}"):
        engine.run("build", "--platform", _PLATFORM, "--tag", local, str(source))
    tag = commit
    if program == PROGRAM:
        tag = f"{commit}-schema-{engine.run('run', '--rm', '--platform', _PLATFORM, local, 'schema')}"
        engine.run("tag", local, f"{repository.url}:{tag}")
    with progress(f"pushing {repository.name}:{tag}"):
        _log_in(engine, repository)
        engine.run("push", f"{repository.url}:{tag}")
    return repository.image(tag)


def find_engine(instead: str) -> Engine:
    """The container engine of this machine.

    Args:
        instead: what to do without one.

    Returns:
        The engine.

    Raises:
        InfraError: there is none, or it does not work.
    """
    found = [path for path in map(shutil.which, _ENGINES) if path]
    problems = []
    for path in found:
        engine = Engine(path)
        try:
            engine.run("info")
        except InfraError as error:
            problems.append(str(error).splitlines()[-1].strip())
            continue
        return engine
    what = f"{found[0]} does not work here ({problems[0]})" if found else "There is no docker and no podman here"
    raise InfraError(f"{what}, so no image can be built. {instead}")


def _committed(source: Path) -> str:
    commit = revision().commit
    changed = git(ROOT, "status", "--porcelain", "--", str(source)).stdout if commit else ""
    if not commit or changed:
        raise InfraError(
            f"services/{source.name} is not committed: nobody could look up what the image was made from. Commit it "
            "first."
        )
    return git(ROOT, "log", "-1", "--format=%H", "--", str(source)).stdout.strip()[:12]


def _is_of(tag: str, commit: str) -> bool:
    return tag == commit or tag.startswith(f"{commit}-schema-")


def _log_in(engine: Engine, repository: Repository) -> None:
    answer = asked("ecr:GetAuthorizationToken", repository.ecr.get_authorization_token)["authorizationData"][0]
    user, _, password = base64.b64decode(answer["authorizationToken"]).decode().partition(":")
    registry = repository.url.partition("/")[0]
    engine.run(*_login(user, registry), typed=password)


def _login(user: str, registry: str) -> Sequence[str]:
    return ("login", "--username", user, "--password-stdin", registry)
