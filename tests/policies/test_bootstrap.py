"""What an account holds before the stack is judged as the stack is: checkov, own policies, IAM.

The rules are made for tasks. The delivery roles are no tasks, so some rules do not fit them; what holds them instead is
tests/modules/test_delivery_roles.py, with AWS's own lists and an evaluator of IAM's rules.
"""

import os
from dataclasses import replace
from pathlib import Path

from infra.account.emulated import EmulatedAccount
from infra.bootstrap import bootstrap_variables
from infra.environment import load_environment
from infra.policies.judgement import judge, own_repository, start_scan
from infra.repository import BOOTSTRAP
from infra.terraform.root_copy import copy_root, keep_state_beside
from infra.terraform.session import Tools, open_session

# Rule -> why it does not fit the delivery roles.
_NOT_FOR_DELIVERY = {
    "HOK_IAM_UNUSED": "they have rights on what the stack has, and the stack is another plan",
    "HOK_IAM_WILDCARD": "refreshing reads whatever there is: Describe* and List* of AWS's class Read or List",
    "HOK_LINT_RESOURCE_STAR": "most calls that read a list know no resource",
    "HOK_PRODUCTION": "their boundary would be the stack's; what bounds them are denials and who may take them",
    "HOK_LINT_RESOURCE_MISMATCH": "one statement holds actions on several kinds of resource, with the ARNs of each",
    "HOK_LINT_MISMATCHED_TYPE_BUT_USABLE": "iam:PermissionsBoundary is compared as a text, literally",
    "HOK_LINT_RESOURCE_POLICY_PRIVILEGE_ESCALATION": "the apply role writes the buckets' policies, and is meant to",
    "HOK_LINT_UNKNOWN_FEDERATION_SOURCE": "parliament does not know GitHub's provider; it is made in the same plan",
}


def test_only_what_does_not_fit_delivery_roles_is_found_in_bootstrap(
    tools: Tools, account: EmulatedAccount, tmp_path: Path
) -> None:
    environment = replace(load_environment("production"), account_id=account.account_id)
    folder = copy_root(BOOTSTRAP, tmp_path / "copy")
    keep_state_beside(folder)
    document = tmp_path / "bootstrap.json"
    subject = own_repository()
    with start_scan(subject) as scan:
        with open_session(tools, account.environment(os.environ)) as session:
            root = session.root(folder, tmp_path / "data")
            root.init()
            root.plan(tmp_path / "bootstrap.tfplan", variables=bootstrap_variables(environment))
            document.write_text(root.show(tmp_path / "bootstrap.tfplan"))
        outcome = judge(subject, scan, document)
    assert outcome.judged
    elsewhere = [each for each in outcome.findings if not each.where.startswith("module.delivery_roles.")]
    assert elsewhere == []
    assert {each.rule for each in outcome.findings} == set(_NOT_FOR_DELIVERY)
    assert outcome.ran.plan_resources > 30
    assert outcome.ran.policy_documents > 5
