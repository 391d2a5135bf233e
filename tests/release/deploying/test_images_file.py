"""images.tfvars: only the values of the named lines change, in one step, or nothing does."""

from pathlib import Path

import pytest

from infra.environment import Environment, load_environment
from infra.errors import InfraError
from infra.release.deploying import images_file
from infra.release.deploying.images_file import read_images, write_images

REPOSITORY = "444455556666.dkr.ecr.us-east-1.amazonaws.com/hokusai"
OTHER = f"{REPOSITORY}/gateway@sha256:{'b' * 64}"

TEXT = f"""# What runs, by digest.
images = {{
  gateway  = "{REPOSITORY}/gateway@sha256:{"1" * 64}" # the gateway = "front"
  # mlflow = "{REPOSITORY}/mlflow@sha256:{"2" * 64}"
  mlflow   = "{REPOSITORY}/mlflow@sha256:{"2" * 64}"
  "auth"   : "{REPOSITORY}/auth@sha256:{"3" * 64}",
}}
"""


class Folder:
    """An environment whose folder is the test's own."""

    def __init__(self, folder: Path, text: str = TEXT) -> None:
        self.name, self.folder = "staging", folder
        self.file = folder / "images.tfvars"
        self.file.write_text(text)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def written(folder: Folder, **images: str) -> bool:
    return write_images(folder, images)  # type: ignore[arg-type] # has what is asked of it


def read(folder: Folder) -> dict[str, str]:
    return read_images(folder)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["development", "staging", "production"])
def test_the_environments_files_can_be_rewritten(name: str, tmp_path: Path) -> None:
    environment = load_environment(name)
    there = Folder(tmp_path, (environment.folder / "images.tfvars").read_text())
    images = {program: reference[:-64] + "e" * 64 for program, reference in read_images(environment).items()}
    assert set(images) == {"gateway", "mlflow", "auth"}
    assert write_images(replace_folder(environment, there), images)
    assert read(there) == images


def replace_folder(environment: Environment, folder: Folder) -> Environment:
    class Elsewhere(Environment):
        @property
        def folder(self) -> Path:
            return folder.folder

    return Elsewhere(**{name: getattr(environment, name) for name in Environment.__dataclass_fields__})


def test_nothing_else_changes(folder: Folder) -> None:
    assert written(folder, gateway=OTHER)
    before, after = TEXT.splitlines(), folder.file.read_text().splitlines()
    changed = [number for number, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
    assert changed == [2]
    assert after[2] == f'  gateway  = "{OTHER}" # the gateway = "front"'
    assert [each.name for each in folder.folder.iterdir()] == ["images.tfvars"]


def test_a_comment_that_looks_like_a_line_stays(folder: Folder) -> None:
    new = f"{REPOSITORY}/mlflow@sha256:{'c' * 64}"
    assert written(folder, mlflow=new, auth=f"{REPOSITORY}/auth@sha256:{'d' * 64}")
    assert read(folder)["mlflow"] == new
    assert f'  # mlflow = "{REPOSITORY}/mlflow@sha256:{"2" * 64}"' in folder.file.read_text()


def test_the_same_again_touches_nothing(folder: Folder) -> None:
    written(folder, gateway=OTHER)
    there = folder.file.stat().st_mtime_ns
    assert not written(folder, gateway=OTHER)
    assert folder.file.stat().st_mtime_ns == there


@pytest.mark.parametrize(
    "reference",
    [
        f"{REPOSITORY}/gateway:v1",
        f"{REPOSITORY}/gateway",
        "sha256:" + "b" * 64,
        f"{REPOSITORY}/gateway@sha256:{'b' * 63}",
        f"{REPOSITORY}/gateway@sha256:{'B' * 64}",
        f'{REPOSITORY}/gateway@sha256:{"b" * 64}"',
        f"{REPOSITORY}/gateway@sha256:{'b' * 64}\n",
        f"https://{OTHER}",
        "",
    ],
)
def test_only_digests(folder: Folder, reference: str) -> None:
    with pytest.raises(InfraError, match="must be <repository>@sha256"):
        written(folder, gateway=reference)
    assert folder.file.read_text() == TEXT


def test_unknown_programs(folder: Folder) -> None:
    with pytest.raises(InfraError, match="names no web; it has auth, gateway, mlflow"):
        written(folder, web=OTHER, gateway=OTHER)
    assert folder.file.read_text() == TEXT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("images = {", "is not valid HCL"),
        ("# nothing\n", "holds no map"),
        ('images = { gateway = "r/gateway:v1" }\n', "must be <repository>@sha256"),
        ("images = { gateway = 1 }\n", "must be a string"),
        (f'images = {{ gateway = "{REPOSITORY}/gateway@sha256:{"1" * 64}" }}\n', "is not written with one line"),
    ],
)
def test_files_that_cannot_be_rewritten(tmp_path: Path, text: str, message: str) -> None:
    folder = Folder(tmp_path, text)
    with pytest.raises(InfraError, match=message):
        written(folder, gateway=OTHER)
    assert folder.file.read_text() == text


def test_no_file(folder: Folder) -> None:
    folder.file.unlink()
    with pytest.raises(InfraError, match=r"git checkout -- environments/staging/images\.tfvars"):
        read(folder)


def test_a_full_disk_leaves_the_file_whole(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(images_file.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        written(folder, gateway=OTHER)
    assert folder.file.read_text() == TEXT
    assert [each.name for each in folder.folder.iterdir()] == ["images.tfvars"]


def test_what_a_kill_left_behind_is_in_nobodys_way(folder: Folder) -> None:
    (folder.folder / ".images.tfvars.partial").write_text("half of")
    assert written(folder, gateway=OTHER)
    assert read(folder)["gateway"] == OTHER
    assert [each.name for each in folder.folder.iterdir()] == ["images.tfvars"]
