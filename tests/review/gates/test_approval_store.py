"""Approvals in the state bucket of an emulated account, written by different identities.

The emulated account does not evaluate bucket policies. That nobody can write under another name is a statement of the
bucket's policy, which tests/modules/test_state_backend.py holds against an evaluator of IAM's rules.
"""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import botocore.session
import pytest

from infra.account.emulated import EmulatedAccount
from infra.errors import InfraError
from infra.review.approval import Person
from infra.review.approval_store import ApprovalStore
from infra.review.gate import Decision
from infra.review.model import Risk
from tests.review.gates.making import COMMIT, DIGEST, GATES, PROVENANCE, a_change, a_review, verdict

ACCOUNT_ID = "123456789012"
SESSION = botocore.session.Session()


class Stores:
    """One state bucket, used by different persons."""

    def __init__(self, account: EmulatedAccount) -> None:
        self._account = account
        self.bucket = f"state-{uuid.uuid4()}"
        self.s3 = account.client("s3")
        self.s3.create_bucket(Bucket=self.bucket)
        iam = account.client("iam")
        self._role = iam.create_role(RoleName=f"admin-{uuid.uuid4().hex[:8]}", AssumeRolePolicyDocument="{}")["Role"]

    def of(self, name: str) -> ApprovalStore:
        """The store as a session of the role sees it."""
        sts = self._account.client("sts")
        keys = sts.assume_role(RoleArn=self._role["Arn"], RoleSessionName=name)["Credentials"]
        clients = [self._client(service, keys) for service in ("s3", "sts")]
        return ApprovalStore(*clients, self.bucket, ACCOUNT_ID)

    def _client(self, service: str, keys: dict[str, str]) -> Any:
        return SESSION.create_client(
            service,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            endpoint_url=self._account.endpoint,
            region_name=self._account.region,
        )

    def keys(self) -> list[str]:
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])]


@pytest.fixture
def stores(account: EmulatedAccount) -> Iterator[Stores]:
    copy = account.fork()
    yield Stores(copy)
    copy.stop()


def person(store: ApprovalStore, name: str) -> Person:
    caller = store.caller()
    return Person(name, "", caller.user_id, caller.arn, frozenset({f"{name}@x.org"}))


def test_who_approves_is_told_by_aws(stores: Stores) -> None:
    caller = stores.of("ada").caller()
    assert caller.user_id.startswith("AROA")
    assert caller.user_id.endswith(":ada")
    assert caller.arn.endswith("/ada")


def test_an_approval_is_a_name_and_is_read_back(stores: Stores) -> None:
    store = stores.of("ada")
    ada = person(store, "ada")
    assert store.give(PROVENANCE, store.caller())
    assert stores.keys() == [f"approvals/{ada.aws_user_id}/production/{DIGEST}/{COMMIT}"]
    (approval,) = store.read(PROVENANCE, (ada,))
    assert (approval.environment, approval.digest, approval.commit) == ("production", DIGEST, COMMIT)
    assert approval.identity == ada.aws_user_id
    now = approval.time
    review = a_review(a_change(Risk.ACCESS))
    review = replace(review, provenance=replace(PROVENANCE, created=now.isoformat()))
    gates = replace(GATES, approvers=(ada,))
    assert verdict(review, gates=gates, approvals=[approval], now=now).decision is Decision.ALLOWED


def test_approving_twice_keeps_the_first_time(stores: Stores) -> None:
    store = stores.of("ada")
    ada = person(store, "ada")
    assert store.give(PROVENANCE, store.caller())
    first = store.read(PROVENANCE, (ada,))
    assert not store.give(PROVENANCE, store.caller())
    assert store.read(PROVENANCE, (ada,)) == first


def test_s3_is_told_whose_bucket_it_must_be(stores: Stores) -> None:
    """A bucket of that name in another account is refused by S3, which the emulated account does not do."""
    store, asked = stores.of("ada"), []
    events = store.s3.meta.events
    events.register("provide-client-params.s3", lambda params, model, **_: asked.append((model.name, params)))
    store.give(PROVENANCE, store.caller())
    store.read(PROVENANCE, (person(store, "ada"),))
    assert [name for name, _ in asked] == ["PutObject", "ListObjectsV2"]
    assert {params["ExpectedBucketOwner"] for _, params in asked} == {ACCOUNT_ID}


def test_a_copy_under_another_name_is_not_looked_at(stores: Stores) -> None:
    """Eve copies Ada's approval below her own name, which is all that the bucket lets her do."""
    ada_store, eve_store = stores.of("ada"), stores.of("eve")
    ada, eve = person(ada_store, "ada"), person(eve_store, "eve")
    ada_store.give(PROVENANCE, ada_store.caller())
    source = stores.keys()[0]
    copy = source.replace(ada.aws_user_id, eve.aws_user_id)
    eve_store.s3.copy_object(Bucket=stores.bucket, Key=copy, CopySource={"Bucket": stores.bucket, "Key": source})
    stores.s3.delete_object(Bucket=stores.bucket, Key=source)
    assert ada_store.read(PROVENANCE, (ada,)) == []
    # Were Eve an approver, it would be Eve's approval.
    assert [each.identity for each in ada_store.read(PROVENANCE, (ada, eve))] == [eve.aws_user_id]


def test_one_persons_name_does_not_begin_anothers(stores: Stores) -> None:
    longer = stores.of("ada-lovelace")
    longer.give(PROVENANCE, longer.caller())
    ada = person(stores.of("ada"), "ada")
    assert longer.read(PROVENANCE, (ada,)) == []


def test_approvals_of_other_plans_are_told_apart(stores: Stores) -> None:
    store = stores.of("ada")
    ada = person(store, "ada")
    for different in ({"digest": "e" * 64}, {"commit": "b" * 40}, {"environment": "staging"}):
        store.give(replace(PROVENANCE, **different), store.caller())
    found = store.read(PROVENANCE, (ada,))
    assert {(each.environment, each.digest[0], each.commit[0]) for each in found} == {
        ("production", "e", "c"),
        ("production", "d", "b"),
    }
    review = a_review(a_change(Risk.ACCESS))
    judged = verdict(review, gates=replace(GATES, approvers=(ada,)), approvals=found, now=found[0].time)
    assert judged.approved_by == ()


@pytest.mark.parametrize("rest", ["production/short", f"production/{DIGEST}/{COMMIT}/more", f"production/{DIGEST}"])
def test_a_name_that_is_no_approvals_does_not_count(stores: Stores, rest: str) -> None:
    store = stores.of("ada")
    ada = person(store, "ada")
    stores.s3.put_object(Bucket=stores.bucket, Key=f"approvals/{ada.aws_user_id}/{rest}", Body=b"")
    found = store.read(PROVENANCE, (ada,))
    review = a_review(a_change(Risk.ACCESS))
    judged = verdict(review, gates=replace(GATES, approvers=(ada,)), approvals=found, now=found[0].time)
    assert judged.approved_by == ()
    assert any("not that of an approval" in reason for reason in judged.reasons)


def test_approvals_of_all_pages(stores: Stores) -> None:
    store = stores.of("ada")
    ada = person(store, "ada")
    for number in range(5):
        stores.s3.put_object(
            Bucket=stores.bucket, Key=f"approvals/{ada.aws_user_id}/production/{number:064x}/{COMMIT}", Body=b""
        )
    # S3's pages have 1,000 names; here they have two.
    store.s3.meta.events.register("provide-client-params.s3.ListObjectsV2", lambda params, **_: params | {"MaxKeys": 2})
    assert len(store.read(PROVENANCE, (ada,))) == 5


def test_a_bucket_that_does_not_answer_is_an_error(stores: Stores) -> None:
    store = stores.of("ada")
    ada = person(store, "ada")
    gone = replace(store, bucket="no-such-bucket")
    with pytest.raises(InfraError, match="cannot be read"):
        gone.read(PROVENANCE, (ada,))
    with pytest.raises(InfraError, match="could not be written"):
        gone.give(PROVENANCE, store.caller())
