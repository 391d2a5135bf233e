"""A policy: one rule that every plan must keep, of this repository or of another that uses its modules.

A policy is a file of its own in policies/ with a constant `POLICY`, and has fixtures beside it that pass and that fail
(policies/fixtures/<file>.yaml, see fixtures.py). It looks at resource types and attributes, never at addresses.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from infra.errors import InfraError
from infra.review.model import Finding, Severity
from infra.terraform.plan_json import Plan


@dataclass(frozen=True)
class Violation:
    """One place where a plan breaks a policy.

    Args:
        where: resource address, or what else it is about.
        message: what is wrong there, in a sentence without a full stop. Never a value that may be a secret.
    """

    where: str
    message: str


@dataclass(frozen=True)
class Policy:
    """One rule.

    Args:
        id: stable, as in `HOK_MLFLOW_1`; reports and exceptions name it.
        title: the rule in a few words.
        severity: how bad a violation is.
        remedy: what to do, in a sentence.
        check: the violations of a plan. What it cannot tell is a violation.
        source: "iam" for rules about policy documents.
    """

    id: str
    title: str
    severity: Severity
    remedy: str
    check: Callable[[Plan], Iterable[Violation]]
    source: Literal["policy", "iam"] = "policy"

    def findings(self, plan: Plan) -> list[Finding]:
        """Judge a plan.

        Args:
            plan: the plan.

        Returns:
            A finding for each violation.
        """
        return [
            Finding(self.id, self.title, each.where, self.severity, each.message, self.remedy, self.source)
            for each in self.check(plan)
        ]


def load_policies(folder: Path) -> dict[str, Policy]:
    """Load every policy of a folder.

    Args:
        folder: as policies/.

    Returns:
        The policies by the name of their file.

    Raises:
        InfraError: there is none, a file cannot be imported or has no POLICY, or two have one ID.
    """
    policies: dict[str, Policy] = {}
    for path in sorted(folder.glob("*.py")):
        policies[path.stem] = _load(path)
    ids = [policy.id for policy in policies.values()]
    twice = sorted({each for each in ids if ids.count(each) > 1})
    if not policies or twice:
        raise InfraError(
            f"{folder}: " + (f"several policies have the ID {twice[0]}" if twice else "there is no policy")
        )
    return policies


def _load(path: Path) -> Policy:
    name = f"infra_policy_{path.stem}"
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise InfraError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # dataclasses look their module up there
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        raise InfraError(f"{path} cannot be imported ({type(error).__name__}: {error}); mend it.") from error
    policy = getattr(module, "POLICY", None)
    if not isinstance(policy, Policy):
        raise InfraError(f"{path} has no POLICY; a policy's file ends with `POLICY = Policy(...)`.")
    return policy
