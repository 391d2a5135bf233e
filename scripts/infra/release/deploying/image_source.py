"""Which image is meant: a digest, a full reference or a tag, looked up in the program's repository of ECR.

Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.account.clients import client
from infra.account.selection import Account
from infra.console import note
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.aws_call import asked
from infra.release.deploying.image_name import DIGEST, digest_or_tag
from infra.release.deploying.images_file import read_images, require_reference

_SHOWN: Final = 5


@dataclass(frozen=True)
class Image:
    """An image of a repository.

    Args:
        reference: repository and digest, as images.tfvars has it.
        tags: its tags; none where it is not known whether it has any.
    """

    reference: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Repository:
    """The repository of a program.

    Args:
        ecr: client of ECR.
        program: whose.
        url: what a reference begins with, as in "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/mlflow".
        environment: name, for the messages.
    """

    ecr: Any
    program: str
    url: str
    environment: str

    @classmethod
    def of(cls, environment: Environment, account: Account, program: str) -> "Repository":
        """The repository that an environment's file names for a program.

        Args:
            environment: whose file.
            account: its own.
            program: key of the file.

        Returns:
            The repository.

        Raises:
            InfraError: the file names no such program, or a repository outside the environment's account.
        """
        images = read_images(environment)
        if program not in images:
            named = f"SERVICE={program} is no program" if program else "SERVICE is not set"
            raise InfraError(
                f"{named} of environments/{environment.name}/images.tfvars. Say one of: {', '.join(sorted(images))}."
            )
        url = require_reference(program, images[program])["repository"]
        if not url.startswith(f"{environment.account_id}.dkr.ecr.{environment.region}."):
            raise InfraError(
                f"environments/{environment.name}/images.tfvars runs {program} from {url}, which is no repository of "
                f"account {environment.account_id} in {environment.region}: the tasks may pull from nowhere else."
            )
        return cls(client(account, environment.region, "ecr"), program, url, environment.name)

    @property
    def name(self) -> str:
        """Its name in ECR, as in "hokusai/mlflow"."""
        return self.url.partition("/")[2]

    def image(self, given: str) -> Image:
        """The image that somebody names; it has to be there.

        Args:
            given: a digest, a tag, or either behind the repository.

        Returns:
            The image.

        Raises:
            InfraError: it is not there, or names another repository; lists what is there.
        """
        try:
            wanted = digest_or_tag(given, self.url)
        except ValueError as wrong:
            raise InfraError(f"IMAGE={given}: {wrong} {self._there()}") from wrong
        found = self.find(wanted)
        if found is None:
            raise InfraError(f"{self.name} of account {self._account} has no image {given}. {self._there()}")
        return found

    def find(self, wanted: str) -> Image | None:
        """An image by its digest or tag.

        Args:
            wanted: digest or tag.

        Returns:
            The image; None where there is none.

        Raises:
            InfraError: ECR did not answer, or there is no such repository.
        """
        by = {"imageDigest": wanted} if DIGEST.fullmatch(wanted) else {"imageTag": wanted}

        def call() -> Mapping[str, Any] | None:
            try:
                found: Mapping[str, Any] = self.ecr.describe_images(repositoryName=self.name, imageIds=[by])[
                    "imageDetails"
                ][0]
            except ClientError as error:
                if error.response["Error"]["Code"] == "ImageNotFoundException":
                    return None
                self._explain(error)
                raise
            return found

        found = asked("ecr:DescribeImages", call)
        return Image(f"{self.url}@{found['imageDigest']}", tuple(found.get("imageTags", ()))) if found else None

    def newest(self) -> list[Mapping[str, Any]]:
        """All images, the newest first, as DescribeImages answers them.

        Returns:
            The images.

        Raises:
            InfraError: ECR did not answer, or there is no such repository.
        """

        def call() -> list[Mapping[str, Any]]:
            try:
                pages = self.ecr.get_paginator("describe_images").paginate(repositoryName=self.name)
                return [each for page in pages for each in page["imageDetails"]]
            except ClientError as error:
                self._explain(error)
                raise

        return sorted(asked("ecr:DescribeImages", call), key=lambda each: str(each["imagePushedAt"]), reverse=True)

    def _there(self) -> str:
        there = self.newest()
        if not there:
            return "The repository is empty: push an image first (docs/deploying.md)."
        return "\n".join([f"The newest of {len(there)} there:", *(f"  {_described(each)}" for each in there[:_SHOWN])])

    @property
    def _account(self) -> str:
        return self.url.partition(".")[0]

    def _explain(self, error: ClientError) -> None:
        if error.response["Error"]["Code"] == "RepositoryNotFoundException":
            raise InfraError(
                f"Account {self._account} has no repository {self.name}. `make bootstrap ENV={self.environment}` "
                "makes it."
            ) from error


def _described(image: Mapping[str, Any]) -> str:
    tags = ", ".join(image.get("imageTags", [])) or "(no tag)"
    return f"{image['imagePushedAt']:%Y-%m-%d %H:%M}  {image['imageDigest']}  {tags}"


def named_image(repository: Repository, account: Account, given: str) -> Image:
    """The image that somebody names for an account.

    Args:
        repository: of the program.
        account: the repository's.
        given: a digest, a tag, or either behind the repository.

    Returns:
        The image. In an emulated account, into which nobody can push, a digest is taken as it is given.

    Raises:
        InfraError: as `Repository.image`.
    """
    digest = given.removeprefix(f"{repository.url}@")
    if account.emulated and DIGEST.fullmatch(digest) and repository.find(digest) is None:
        note("  Nobody can push into an emulated account: the digest is taken as given. AWS would look for it.")
        return Image(f"{repository.url}@{digest}")
    return repository.image(given)
