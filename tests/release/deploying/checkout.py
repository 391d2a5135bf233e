"""The small repository of tests/release with the platform's tasks in its stack, and commands in two environments."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from infra.account.emulated import EmulatedAccount, find
from infra.account.preparation import hand_over
from tests.delivery.checkout import ENVIRONMENT
from tests.release.checkout import Release
from tests.release.ecr_images import push
from tests.release.faults import Decides
from tests.release.in_front import in_front_of

HERE = Path(__file__).parent
SOURCE, TARGET = ENVIRONMENT, "staging"

_REPOSITORIES = """
resource "aws_ecr_repository" "this" {
  for_each = toset(["gateway", "mlflow", "auth"])

  name                 = "hokusai/${each.key}"
  image_tag_mutability = "IMMUTABLE"
}
"""


class Deployable(Release):
    """The repository, and commands that deploy."""

    @classmethod
    def make(cls, folder: Path) -> "Deployable":
        """Make the repository, with tasks in it."""
        made = super().make(folder)
        assert isinstance(made, cls)
        shutil.copytree(HERE / "module", made.root / "modules" / "task")
        shutil.copy(HERE / "tasks.tf", made.root / "environments" / "stack")
        with (made.root / "environments" / "bootstrap" / "main.tf").open("a") as bootstrap:
            bootstrap.write(_REPOSITORIES)
        (made.root / "services" / "gateway").mkdir(parents=True)
        (made.root / "services" / "gateway" / "Dockerfile").write_text("FROM scratch\n")
        # The small stack has a stand-in for what here are the tasks.
        main = made.root / "environments" / "stack" / "main.tf"
        text = main.read_text()
        stand_in = 'resource "terraform_data" "release" {\n  input = var.images\n}\n'
        assert stand_in in text
        main.write_text(text.replace(stand_in, ""))
        made.commit("tasks")
        return made

    @contextmanager
    def copy(self, folder: Path, decides: Decides | None = None) -> Iterator["Deployable"]:
        """A repository and accounts of one's own, as they are now.

        Args:
            folder: where both are made.
            decides: what happens to each call to the accounts; by default nothing does.

        Yields:
            Commands in them.
        """
        shutil.copytree(self.root, folder / "repository")
        own = Deployable(folder / "repository", folder / "build")
        with ExitStack() as until_the_end:
            for name in (SOURCE, TARGET):
                account = self.account_of(name).fork()
                until_the_end.callback(account.stop)
                seen = until_the_end.enter_context(in_front_of(account, decides)) if decides else account
                hand_over(seen, own.build / name / "account")
            own.git("config", "user.name", "Carol")
            own.git("config", "user.email", "carol@x.org")
            yield own

    def account_of(self, environment: str) -> EmulatedAccount:
        """The account of an environment."""
        account = find(self.build / environment / "account")
        assert account
        return account

    def images(self, environment: str = SOURCE) -> Path:
        """Its images file."""
        return self.root / "environments" / environment / "images.tfvars"

    def push(self, program: str, text: str, tag: str = "", environment: str = SOURCE) -> str:
        """Put an image into the environment's repository; its digest."""
        return push(self.account_of(environment), program, text, tag)

    def deploy(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """`infra deploy` of the source environment."""
        return self.infra("deploy", "--env", SOURCE, *arguments, **({"GATES": ""} | variables))

    def promote(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """`infra promote` from the source to the target environment."""
        return self.infra("promote", "--from", SOURCE, "--to", TARGET, *arguments, **({"GATES": ""} | variables))

    def history(self, environment: str = SOURCE) -> list[dict[str, Any]]:
        """The ledger, the oldest first."""
        result = self.infra("history", "--env", environment, "--json", GATES="")
        assert result.returncode == 0, result.stderr
        listed: list[dict[str, Any]] = json.loads(result.stdout)
        return listed

    def running(self, program: str, environment: str = SOURCE) -> str:
        """The image that a service runs, as ECS tells it."""
        return str(self.definition(program, environment)["containerDefinitions"][0]["image"])

    def definition(self, program: str, environment: str = SOURCE) -> dict[str, Any]:
        """The task definition that a service runs, as ECS tells it."""
        ecs = self.account_of(environment).client("ecs")
        [service] = ecs.describe_services(cluster=f"hokusai-{environment}", services=[f"hokusai-{program}"])["services"]
        found: dict[str, Any] = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        return found
