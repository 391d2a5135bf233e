"""Reviews made by hand: a real-looking one, a hostile one, a large one."""

from dataclasses import replace
from functools import cache
from typing import Any

from infra.review.gate import Decision, Verdict
from infra.review.model import (
    REDACTED,
    AccessChange,
    Action,
    AttributeChange,
    Change,
    Check,
    Consequence,
    DocumentChange,
    Drift,
    Finding,
    Grant,
    ModuleNode,
    OutputChange,
    PartChange,
    Provenance,
    Review,
    Risk,
    Severity,
    UnknownAccess,
)

PROVENANCE = Provenance(
    environment="production",
    digest="d1" * 32,
    plan_sha256="f2" * 32,
    commit="c3" * 20,
    clean=True,
    lineage="0b5c1b52-6a0e-5e0f-8f8e-0a6f2f6d7c11",
    serial=42,
    account_kind="aws",
    account_id="123456789012",
    terraform_version="1.11.4",
    provider_version="5.100.0",
    created="2026-11-21T10:00:00+00:00",
    destroy=False,
)
WAITING = Verdict(
    Decision.WAITS,
    ("2 approvals are needed, 1 was given: ask one of anna, bert", "changes are made Mon 09:00 to 16:00 UTC"),
    approved_by=("carla",),
    needed=2,
)
ALLOWED = Verdict(Decision.ALLOWED)


def change(
    address: str = "aws_s3_bucket.this",
    action: Action = Action.UPDATE,
    risk: Risk = Risk.PLAIN,
    text: str = "the bucket's settings change",
    **fields: Any,
) -> Change:
    """One change; whatever is not given is plain."""
    defaults: dict[str, Any] = {
        "deposed": "",
        "module": address.rpartition(".module.")[0] if ".module." in address else _module(address),
        "mode": "managed",
        "type": "aws_s3_bucket",
        "name": "this",
        "index": None,
        "provider": "registry.terraform.io/hashicorp/aws",
        "reason": "",
        "previous_address": "",
        "import_id": "",
        "replace_paths": (),
        "attributes": (),
        "consequences": (Consequence(risk, text),),
    }
    return Change(address=address, action=action, **(defaults | fields))


def _module(address: str) -> str:
    parts = address.split(".")
    return ".".join(parts[:2]) if parts[0] == "module" else ""


def review(*changes: Change, **fields: Any) -> Review:
    """A review of these changes and of nothing else."""
    empty: dict[str, Any] = dict.fromkeys(
        ("drift", "outputs", "checks", "modules", "access", "unknown_access", "findings"), ()
    )
    defaults = {"provenance": PROVENANCE, "unchanged": 0, "drift_elsewhere": 0, **empty}
    ordered = tuple(sorted(changes, key=lambda each: (each.risk.rank, each.address)))
    return Review(changes=ordered, **(defaults | fields))


POLICY = AttributeChange(
    "policy",
    '{"Statement":[]}',
    '{"Statement":[{"Sid":"Write"}]}',
    document=DocumentChange(
        "policy",
        (
            PartChange(
                "Write",
                "added",
                (
                    AttributeChange("Effect", None, "Allow"),
                    AttributeChange("Action", None, "s3:PutObject"),
                    AttributeChange("Action", None, "s3:DeleteObject"),
                    AttributeChange("Resource", None, "arn:aws:s3:::hokusai-mlflow-artifacts-production/*"),
                ),
            ),
            PartChange("DenyInsecure", "removed", (AttributeChange("Effect", "Deny", None),)),
            PartChange("Read", "changed", (AttributeChange("Action", "s3:Get*", None),)),
        ),
    ),
)


@cache
def typical() -> Review:
    """One of everything that a reviewer meets."""
    bucket = 'module.artifact_bucket["main"].aws_s3_bucket.this'
    return review(
        change(
            bucket,
            Action.REPLACE_DELETE_FIRST,
            reason="cannot be updated in place",
            replace_paths=("bucket",),
            attributes=(
                AttributeChange("arn", "arn:aws:s3:::old", None, unknown=True),
                AttributeChange("bucket", "hokusai-mlflow-artifacts", "hokusai-artifacts", forces_replacement=True),
                AttributeChange('tags["Owner"]', "ml", "platform"),
            ),
            consequences=(
                Consequence(Risk.DATA_LOSS, "replacing this bucket deletes all that is in it", ("bucket",), True),
            ),
        ),
        change(
            'module.alb["edge"].aws_lb_listener.https',
            Action.DELETE,
            Risk.OUTAGE,
            "nothing answers on port 443 any more",
            type="aws_lb_listener",
            attributes=(AttributeChange("port", 443, None), AttributeChange("protocol", "HTTPS", None)),
        ),
        change(
            "module.task_roles.aws_iam_role_policy.gateway",
            Action.UPDATE,
            Risk.ACCESS,
            "the role may write objects",
            type="aws_iam_role_policy",
            attributes=(POLICY,),
        ),
        change(
            "module.database.aws_db_instance.this",
            Action.UPDATE,
            Risk.COST,
            "a larger instance costs more",
            type="aws_db_instance",
            attributes=(
                AttributeChange("instance_class", "db.t4g.medium", "db.m7g.large"),
                AttributeChange("password", REDACTED, REDACTED, sensitive=True),
            ),
        ),
        change("module.network.aws_vpc.new", Action.MOVE, Risk.NONE, "another address, nothing else",
               previous_address="module.network.aws_vpc.old"),
        change("aws_route53_zone.this", Action.IMPORT, Risk.NONE, "Terraform manages it from now on",
               import_id="Z0123456789"),
        change("aws_cloudwatch_log_group.a", Action.FORGET, Risk.DATA_LOSS, "nobody manages the log group any more",
               consequences=(Consequence(Risk.DATA_LOSS, "nobody manages the log group any more", (), True),)),
        change("module.cluster.aws_ecs_cluster.this", Action.CREATE,
               attributes=(AttributeChange("name", None, "hokusai"), AttributeChange("id", None, None, unknown=True))),
        unchanged=120,
        drift=(Drift(bucket, 'module.artifact_bucket["main"]', "aws_s3_bucket", "update",
                     (AttributeChange("bucket", "a", "b"),)),),
        drift_elsewhere=3,
        outputs=(OutputChange("url", "update", "https://old.example", None, unknown=True, sensitive=False),),
        checks=(Check("check.certificate", "check", "fail", ("The certificate ends in 3 days.",)),
                Check("aws_lb.this", "resource", "pass", ())),
        modules=(
            ModuleNode("", {Action.FORGET: 1, Action.IMPORT: 1}, Risk.DATA_LOSS, (), ()),
            ModuleNode('artifact_bucket["main"]', {Action.REPLACE_DELETE_FIRST: 1}, Risk.DATA_LOSS, (), ()),
            ModuleNode("task_roles", {Action.UPDATE: 1}, Risk.ACCESS, ('artifact_bucket["main"]',),
                       ('artifact_bucket["main"]',)),
            ModuleNode("network", {Action.MOVE: 1}, Risk.NONE, (), ()),
            ModuleNode('alb["edge"]', {Action.DELETE: 1}, Risk.OUTAGE, ("network",), ("network",)),
            ModuleNode("database", {Action.UPDATE: 1}, Risk.COST, ("network",), ("network",)),
            ModuleNode("cluster", {Action.CREATE: 1}, Risk.PLAIN, (), ()),
            ModuleNode("alb_rules", {}, None, ('alb["edge"]',), ('alb["edge"]', "network")),
            ModuleNode('task["gateway"]', {}, None, ("alb_rules", "task_roles", "cluster", "database"),
                       ("alb_rules", "task_roles", "cluster", "database", "network", 'artifact_bucket["main"]')),
            ModuleNode("observability", {}, None, ('task["gateway"]',), ('task["gateway"]',)),
        ),
        access=(
            AccessChange("added", Grant("Allow", "role hokusai-gateway", ("s3:PutObject", "s3:DeleteObject"),
                                        ("arn:aws:s3:::hokusai-mlflow-artifacts-production/*",),
                                        ("aws:SecureTransport Bool true",)),
                         "module.task_roles.aws_iam_role_policy.gateway", widens=True),
            AccessChange("removed", Grant("Allow", "role hokusai-gateway", ("s3:Get*",), ("*",)),
                         "module.task_roles.aws_iam_role_policy.gateway", widens=False),
        ),
        unknown_access=(UnknownAccess("aws_kms_key.this", "policy"),),
        findings=(
            Finding("CKV_AWS_18", "Access logs", bucket, Severity.HIGH, "The bucket writes no access log.",
                    "Set access_log_bucket.", "checkov"),
            Finding("HOK_IAM_1", "No wildcard", "environments/stack/services.tf:119", Severity.LOW,
                    "s3:Get* is a wildcard.", "Name the actions.", "iam"),
        ),
        secrets=2,
    )  # fmt: skip


@cache
def large(count: int = 5000, risk: Risk = Risk.PLAIN) -> Review:
    """Many changes in 40 modules; every tenth is dangerous unless `risk` says what all are."""
    changes = []
    for number in range(count):
        dangerous = number % 10 == 0 and risk is Risk.PLAIN
        changes.append(
            change(
                f'module.part["{number % 40}"].aws_s3_bucket.this[{number}]',
                list(Action)[number % len(Action)],
                Risk.OUTAGE if dangerous else risk,
                "something happens to it",
                attributes=tuple(
                    AttributeChange(f"attribute_{index}", f"value {index}", f"other value {index}")
                    for index in range(10)
                ),
            )
        )
    modules = tuple(
        ModuleNode(f'part["{number}"]', {Action.UPDATE: count // 40}, Risk.OUTAGE,
                   (f'part["{number - 1}"]',) if number else (), ())
        for number in range(40)
    )  # fmt: skip
    findings = tuple(
        Finding(f"CKV_AWS_{number % 24}", "A rule", f"aws_s3_bucket.this[{number}]",
                list(Severity)[min(number // 1500, 4)], "Something is wrong.", "Mend it.", "checkov")
        for number in range(6000)
    )  # fmt: skip
    return review(*changes, modules=modules, findings=findings, unchanged=100)


HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!-- --><details>",
    "-->\n# heading\n| a | b |\n|---|---|",
    "```\n````` ~~~ \n# out of the fence",
    "[link](https://evil.example) https://evil.example www.evil.example a@evil.example",
    "@octocat #1 octo/repo#2 GH-3",
    "\x1b[2J\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "\u202egnp.exe\u2066\u200b\U000e0041",
    "\ud800 \x00 \x85 \u2028 \ufffe",
    "` `` \\` \\| | *a* _b_ ~~c~~ $x$ &amp; :tada:",
    "x" * 65_536,
    "`" * 65_536,
    "𝕏é" * 500,
    "]]>&<![CDATA[",
    "{{constructor}} ${7*7} javascript:alert(1)",
    "' onmouseover='alert(1)",
    "[bold red]rich[/bold red] [/] \\[",
    "",
)


@cache
def hostile(texts: tuple[str, ...] = HOSTILE) -> Review:
    """Every text at every place where a plan can put one."""
    changes, access, findings, checks, drift, outputs, modules, unknown = [], [], [], [], [], [], [], []
    for number, text in enumerate(texts):
        attributes = (
            AttributeChange(text, text, {text: [text]}, forces_replacement=True),
            AttributeChange(text, None, text, document=DocumentChange("policy", (
                PartChange(text, "changed", (AttributeChange(text, text, text),)),))),
        )  # fmt: skip
        address = f'module.m["{text}"].aws_s3_bucket.this["{number}{text}"]'
        changes.append(
            change(address, list(Action)[number % 10], reason=text, previous_address=text, import_id=text, deposed=text,
                   module=f'module.m["{text}"]', type=text, name=text, index=text, provider=text,
                   replace_paths=(text,), attributes=attributes,
                   consequences=(Consequence(list(Risk)[number % 6], text, (text,), number % 2 == 0),))
        )  # fmt: skip
        access.append(AccessChange("added", Grant("Allow", text, (text,), (text,), (text,)), text, widens=True))
        unknown.append(UnknownAccess(text, text))
        findings.append(Finding(text, text, text, Severity.HIGH, text, text, "policy"))
        checks.append(Check(text, text, "fail", (text,)))
        drift.append(Drift(text, text, text, "update", attributes))
        outputs.append(OutputChange(text, "update", text, text, unknown=False, sensitive=False))
        modules.append(ModuleNode(f'm["{text}"]', {Action.UPDATE: 1}, Risk.COST,
                                  (f'm["{texts[number - 1]}"]', text), (text,)))  # fmt: skip
    facts = replace(PROVENANCE, environment=texts[0], lineage=texts[0], created=texts[0], commit=texts[0], clean=False)
    return review(*changes, provenance=facts, access=tuple(access), unknown_access=tuple(unknown),
                  findings=tuple(findings), checks=tuple(checks), drift=tuple(drift), outputs=tuple(outputs),
                  modules=tuple(modules))  # fmt: skip


HOSTILE_VERDICT = Verdict(Decision.FORBIDDEN, HOSTILE, HOSTILE, 2)
