"""The review of a plan as data: what every report, gate and approval is made from.

A review never holds a secret: it is redacted while it is made (redaction.py), before anything is rendered. It may hold
anything else that a plan can: markup, escape sequences, 64 KiB strings. What renders it must escape and shorten.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

# A value of a plan: None, bool, int, float, str, list or dict, as JSON has it.
Json = Any

# What stands in the place of a secret.
REDACTED = "(sensitive)"


class Action(StrEnum):
    """What happens to a resource. Resources to which nothing happens are only counted (`Review.unchanged`)."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE_DELETE_FIRST = "replace-delete-first"
    REPLACE_CREATE_FIRST = "replace-create-first"
    DELETE = "delete"
    DELETE_DEPOSED = "delete-deposed"  # what an interrupted replacement left behind
    FORGET = "forget"  # Terraform stops managing it; it stays in the account
    READ = "read"  # a data source that is read during apply
    MOVE = "move"  # another address, nothing else
    IMPORT = "import"  # Terraform starts to manage it, nothing else

    @property
    def replaces(self) -> bool:
        """Whether the object is destroyed and made anew."""
        return self in {Action.REPLACE_DELETE_FIRST, Action.REPLACE_CREATE_FIRST}


class Risk(StrEnum):
    """What a change can do, the worst first; the order of the members is the order of severity."""

    DATA_LOSS = "data-loss"
    OUTAGE = "outage"
    ACCESS = "access"
    COST = "cost"
    PLAIN = "plain"  # takes effect, and none of the above
    NONE = "none"  # no effect on what runs, as a changed tag

    @property
    def rank(self) -> int:
        """0 for the worst; for sorting."""
        return list(Risk).index(self)


class Severity(StrEnum):
    """How bad a finding is, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst; for sorting."""
        return list(Severity).index(self)


@dataclass(frozen=True)
class PartChange:
    """A part of a structured document that differs: a statement of a policy, a container of a task definition.

    Args:
        name: the statement's Sid or "statement 2", or "container gateway".
        change: what happens to the part.
        fields: the differences in it, also when it is added or removed. A list whose order means nothing (actions,
            resources) has one entry for each member that comes (before None) or goes (after None).
    """

    name: str
    change: Literal["added", "removed", "changed"]
    fields: "tuple[AttributeChange, ...]"


@dataclass(frozen=True)
class DocumentChange:
    """An attribute that holds JSON, compared as a structure.

    Args:
        kind: what the JSON is.
        parts: what differs. Empty when both documents mean the same (other order, other white space).
    """

    kind: Literal["policy", "containers", "json"]
    parts: tuple[PartChange, ...]


@dataclass(frozen=True)
class AttributeChange:
    """One attribute that differs, as deep in the resource as the difference goes.

    Args:
        path: as in `versioning[0].enabled` or `tags["a b"]`.
        before: value now; None when there is none; REDACTED when it is a secret.
        after: planned value; None when there will be none, or when it is unknown; REDACTED when it is a secret.
        unknown: the value is known only after apply.
        sensitive: before or after was redacted because Terraform or the provider marks the attribute as a secret.
        forces_replacement: this attribute is why the resource is replaced.
        document: the same difference as a structure, where the attribute holds JSON; to be shown instead of the texts.
    """

    path: str
    before: Json
    after: Json
    unknown: bool = False
    sensitive: bool = False
    forces_replacement: bool = False
    document: DocumentChange | None = None


@dataclass(frozen=True)
class Consequence:
    """One thing that a change brings about.

    Args:
        risk: its class.
        text: what will happen, in a sentence without a full stop, as in "deleting this bucket deletes all that is
            in it".
        attributes: paths that cause it; empty when the action itself does.
        acknowledge: it needs a named acknowledgement in the environment's file.
    """

    risk: Risk
    text: str
    attributes: tuple[str, ...] = ()
    acknowledge: bool = False


@dataclass(frozen=True)
class Change:
    """What a plan does to one object.

    Args:
        address: absolute address, as in `module.edge["edge"].aws_lb.this`; not unique, a deposed object shares it.
        deposed: key of a deposed object, else "".
        module: address of the module it is in; "" for the root.
        mode: a managed resource or a data source.
        type: resource type, as in `aws_lb`.
        name: label in the configuration.
        index: key of `for_each` or `count`, or None.
        provider: full name, as in `registry.terraform.io/hashicorp/aws`.
        action: what happens to it.
        reason: why, in words; "" when Terraform gives none and the attributes say it.
        previous_address: where it was before a move, else "". Any action may come with a move.
        import_id: the ID by which it is imported, else "". Any action may come with an import.
        replace_paths: attribute paths that force the replacement.
        attributes: every attribute that differs.
        consequences: what it brings about, the worst first; never empty.
    """

    address: str
    deposed: str
    module: str
    mode: Literal["managed", "data"]
    type: str
    name: str
    index: str | int | None
    provider: str
    action: Action
    reason: str
    previous_address: str
    import_id: str
    replace_paths: tuple[str, ...]
    attributes: tuple[AttributeChange, ...]
    consequences: tuple[Consequence, ...]

    @property
    def risk(self) -> Risk:
        """The worst that it brings about."""
        return self.consequences[0].risk

    @property
    def key(self) -> str:
        """The address, with the deposed key where there is one: names the change in acknowledgements and reports."""
        return f"{self.address} (deposed {self.deposed})" if self.deposed else self.address

    @property
    def needs_acknowledgement(self) -> bool:
        """Whether the environment's file must name it."""
        return any(consequence.acknowledge for consequence in self.consequences)


@dataclass(frozen=True)
class Drift:
    """An object that was changed outside Terraform, in an attribute that this plan makes use of.

    Args:
        address: absolute address.
        module: address of its module; "" for the root.
        type: resource type.
        action: changed or deleted outside Terraform.
        attributes: only those that meet the plan's relevant attributes; before is what Terraform last knew, after what
            is there now. Empty for what is gone.
    """

    address: str
    module: str
    type: str
    action: Literal["update", "delete"]
    attributes: tuple[AttributeChange, ...]


@dataclass(frozen=True)
class OutputChange:
    """A root output that changes.

    Args:
        name: of the output.
        action: what happens to it.
        before: value now; None when there is none; REDACTED when it is sensitive.
        after: planned value; None when there will be none or it is unknown; REDACTED when it is sensitive.
        unknown: at least a part of the value is known only after apply.
        sensitive: the output is marked so.
    """

    name: str
    action: Literal["create", "update", "delete"]
    before: Json
    after: Json
    unknown: bool
    sensitive: bool


@dataclass(frozen=True)
class Check:
    """A condition of the configuration: pre- and postconditions, checks, validations of variables.

    Args:
        address: of the object that has it, as a person reads it.
        kind: what has the condition, as Terraform names it: "resource", "output_value", "check", "var" ...
        status: "pass", "fail", "error", or "unknown" (decided only during apply).
        messages: what the configuration says where it failed.
    """

    address: str
    kind: str
    status: str
    messages: tuple[str, ...]


@dataclass(frozen=True)
class Grant:
    """Who may do what with what.

    Args:
        effect: "Allow", or "Deny" for an explicit denial.
        principal: a role (`role hokusai-gateway`), an account, a service, `*`; for a security group who may connect.
        actions: as in `s3:GetObject`; `not s3:*` for NotAction; `tcp 443` for a security group.
        resources: ARNs or the resource itself; `not arn...` for NotResource.
        conditions: as in `aws:SecureTransport Bool true`; all must hold.
    """

    effect: Literal["Allow", "Deny"]
    principal: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True)
class AccessChange:
    """A grant that comes or goes.

    Args:
        change: "added": it holds after apply and did not before; "removed": the reverse. A removed Deny opens access.
        grant: the grant.
        address: of the resource that makes it.
        widens: more can be done afterwards: an added Allow or a removed Deny.
    """

    change: Literal["added", "removed"]
    grant: Grant
    address: str
    widens: bool


@dataclass(frozen=True)
class UnknownAccess:
    """A policy or rule that is known only after apply, so that nobody can review it.

    Args:
        address: of the resource.
        attribute: path of the unknown part.
    """

    address: str
    attribute: str


@dataclass(frozen=True)
class ModuleNode:
    """A module as the root calls it, in the map of what depends on what.

    Args:
        name: as in `alb["edge"]`; "" for the root's own resources.
        actions: how many changes of each action are in it and below it.
        risk: the worst risk in it; None when nothing changes.
        depends_on: names of the modules whose values it uses, directly.
        affected_by: names of the changing modules that it depends on, directly or through others.
    """

    name: str
    actions: Mapping[Action, int]
    risk: Risk | None
    depends_on: tuple[str, ...]
    affected_by: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """Something that a check has found.

    Args:
        rule: stable ID of the rule, as in `CKV_AWS_18` or `HOK_IAM_1`.
        title: the rule in a few words.
        where: resource address, or `file:line`.
        severity: how bad it is.
        message: what is wrong here.
        remedy: what to do.
        source: which check has found it.
    """

    rule: str
    title: str
    where: str
    severity: Severity
    message: str
    remedy: str
    source: Literal["checkov", "policy", "iam", "review"]


@dataclass(frozen=True)
class Provenance:
    """What the plan is and what it was made from.

    Args:
        environment: name of the environment.
        digest: SHA-256 of everything in the plan that matters, in hexadecimal (digest.py).
        plan_sha256: SHA-256 of the plan file, in hexadecimal.
        commit: git commit of the configuration, None outside git.
        clean: whether the configuration was exactly that commit.
        lineage: identity of the state; "" when there was none.
        serial: version of the state; 0 when there was none.
        account_kind: "aws" or "emulated".
        account_id: twelve digits.
        terraform_version: as in "1.11.4".
        provider_version: of the AWS provider.
        created: UTC time of the plan, ISO 8601 with offset.
        destroy: whether it destroys everything.
    """

    environment: str
    digest: str
    plan_sha256: str
    commit: str | None
    clean: bool
    lineage: str
    serial: int
    account_kind: str
    account_id: str
    terraform_version: str
    provider_version: str
    created: str
    destroy: bool


@dataclass(frozen=True)
class Review:
    """Everything that there is to say about a plan.

    Args:
        provenance: what the plan is and was made from.
        changes: what happens, the worst first, then by address; without what nothing happens to.
        unchanged: how many managed resources nothing happens to.
        drift: changes made outside Terraform that meet this plan.
        drift_elsewhere: how many others there are.
        outputs: root outputs that change.
        checks: conditions, those that did not pass first.
        modules: the map of modules, by name.
        access: what can be done afterwards that could not before, and the reverse; what widens first.
        unknown_access: policies that nobody can review before apply.
        findings: of all checks, the worst first.
        secrets: how many distinct secret values were redacted.
    """

    provenance: Provenance
    changes: tuple[Change, ...]
    unchanged: int
    drift: tuple[Drift, ...]
    drift_elsewhere: int
    outputs: tuple[OutputChange, ...]
    checks: tuple[Check, ...]
    modules: tuple[ModuleNode, ...]
    access: tuple[AccessChange, ...]
    unknown_access: tuple[UnknownAccess, ...]
    findings: tuple[Finding, ...] = field(default=())
    secrets: int = 0

    @property
    def risk(self) -> Risk | None:
        """The worst of all changes; None when nothing changes."""
        return min((change.risk for change in self.changes), key=lambda risk: risk.rank, default=None)

    @property
    def empty(self) -> bool:
        """Whether applying it does nothing: no change and no output that changes."""
        return not self.changes and not self.outputs

    @property
    def actions(self) -> Counter[Action]:
        """How many changes there are of each action."""
        return Counter(change.action for change in self.changes)

    @property
    def risks(self) -> Counter[Risk]:
        """How many changes have each risk as their worst."""
        return Counter(change.risk for change in self.changes)

    @property
    def acknowledgements(self) -> tuple[Change, ...]:
        """The changes that need a named acknowledgement."""
        return tuple(change for change in self.changes if change.needs_acknowledgement)
