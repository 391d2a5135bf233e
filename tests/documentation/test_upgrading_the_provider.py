"""docs/upgrading-the-provider.md names the versions that are in force, and every deprecation that the code knows."""

import re

from infra.provider_schema.deprecations import listed_deprecations
from infra.provider_schema.generated import PROVIDER_VERSION
from infra.repository import BOOTSTRAP, ROOT, STACK
from infra.terraform.configuration import configuration_files
from infra.terraform.provider import locked_version

PAGE = (ROOT / "docs" / "upgrading-the-provider.md").read_text()
CONSTRAINT = re.compile(r'^ +version += "(>= [^"]+)"', re.MULTILINE)


def test_versions_are_those_of_the_code() -> None:
    assert f"`hashicorp/aws` {locked_version()}" in PAGE
    assert f"schema of {PROVIDER_VERSION}" in PAGE


def test_the_constraint_is_the_same_everywhere_and_named() -> None:
    found = {match for file in configuration_files() for match in CONSTRAINT.findall(file.read_text())}
    assert len(found) == 1
    assert f"`{found.pop()}`" in PAGE


def test_both_roots_have_one_lock_file() -> None:
    name = ".terraform.lock.hcl"
    assert (STACK / name).read_text() == (BOOTSTRAP / name).read_text()


def test_every_known_deprecation_is_named() -> None:
    for kind, name in (("data", "aws_region"), ("resource", "aws_s3_bucket"), ("resource", "aws_s3_bucket_versioning")):
        for attribute in listed_deprecations(kind, name):
            assert re.search(rf"^\| `{re.escape(name)[:13]}[^`]*`: `{attribute}` ", PAGE, re.MULTILINE), (
                name,
                attribute,
            )
