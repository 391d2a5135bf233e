"""Drill: a version is deployed that is healthy and wrong, clients notice, and what ran before is brought back."""

import secrets

from infra.preflight.drills.checkout import Checkout
from infra.preflight.drills.drill import Drill
from infra.preflight.drills.scene import BOUND_SECONDS, GATEWAY, Scene
from infra.preflight.drills.watch import Watch
from infra.preflight.platform.images import BROKEN_GATEWAY
from infra.verification.catalogue import steps_for
from infra.verification.steps import CheckFailed, Outcome, StepResult, Steps

# The step that a version without artifacts cannot pass.
_TELLING = "model"


def _roll_back(watch: Watch) -> None:
    scene = watch.scene
    name = scene.target.environment
    checkout = Checkout(scene.running.environment, scene.running.account, scene.running.folder / "releases")
    checkout.enter_what_is_applied()
    checkout.set_image("gateway", BROKEN_GATEWAY)
    checkout.commit("A gateway that answers 404 to artifacts")
    before = str(scene.service(GATEWAY)["taskDefinition"])
    watch.begin(
        f"{GATEWAY} gets a version that is healthy and serves no artifacts", str(scene.service(GATEWAY)["serviceArn"])
    )
    with watch.phase("deploy"):
        checkout.infra("plan", "--env", name)
        checkout.infra("apply", "--env", name, "--yes")
        _settle(scene)
    broken = str(scene.service(GATEWAY)["taskDefinition"])
    if broken == before:
        raise CheckFailed(
            "The broken version was not deployed: its task definition is the one before.", arn=watch.blamed
        )
    with watch.phase("detect"):
        _require_detected(_verified(scene), watch)
    with watch.phase("roll back"):
        checkout.infra("rollback", "--env", name, "--yes", "--reason", "clients get 404 for their artifacts")
        _settle(scene)
    watch.end(f"{GATEWAY} runs what ran before")
    with watch.phase("verify"):
        failed = [each for each in _verified(scene) if each.outcome is not Outcome.PASSED]
    if failed:
        raise CheckFailed(
            f"After the rollback, {failed[0].name} does not pass: {failed[0].error or failed[0].seen}", arn=watch.blamed
        )


def _settle(scene: Scene) -> None:
    scene.platform.refresh()
    scene.platform.wait_until_steady(BOUND_SECONDS)


def _verified(scene: Scene) -> list[StepResult]:
    """What `make verify` would find."""
    steps = Steps(lambda _name, _about: None, lambda _result: None)
    with scene.running.registry(f"rollback-{secrets.token_hex(4)}", since_start=False) as target:
        steps.run(steps_for(target.keys, emulated=target.emulated), target)
    return steps.results


def _require_detected(results: list[StepResult], watch: Watch) -> None:
    wrong = {each.name: each for each in results if each.outcome is Outcome.FAILED}
    if _TELLING not in wrong:
        raise CheckFailed(
            f"{watch.did}, and the verification did not notice (failed: {', '.join(wrong) or 'nothing'})",
            arn=watch.blamed,
        )


DRILLS = (
    Drill(
        "rollback",
        "A version that is healthy and wrong is noticed by the verification, and `make rollback` brings back what ran",
        _roll_back,
    ),
)
