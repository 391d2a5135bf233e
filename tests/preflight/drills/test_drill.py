"""A drill fails when something acknowledged is lost, access opens, or the platform does not come back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.errors import InfraError
from infra.preflight.drills import clients
from infra.preflight.drills import drill as drill_module
from infra.preflight.drills import load as load_module
from infra.preflight.drills import scene as scene_module
from infra.preflight.drills.campaign import DRILLS
from infra.preflight.drills.drill import Drill, perform
from infra.preflight.drills.load import running_load
from infra.preflight.drills.scene import Scene
from infra.preflight.drills.watch import Watch
from infra.preflight.platform.model import PlatformFailure
from infra.verification.steps import CheckFailed
from tests.preflight.drills.registry import DATABASE, GATEWAY_TASK, QuietPlatform, Registry, scene_of, target_of

SERVICE = "arn:aws:ecs:us-east-1:1:service/hokusai-x/hokusai-gateway"
Act = Callable[[Watch], None]


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def platform() -> QuietPlatform:
    return QuietPlatform()


@pytest.fixture
def scene(registry: Registry, platform: QuietPlatform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(clients, "_SLOW_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(load_module, "_PAUSE_SECONDS", 0.02)
    with running_load(target_of(registry), "drills") as load:
        yield scene_of(registry, platform, load)


def drill(act: Act, lossless: str = "") -> Drill:
    def whole(watch: Watch) -> None:
        watch.begin("it breaks", SERVICE)
        act(watch)
        watch.end("it is mended")

    return Drill("breaks", "It goes on", whole, lossless, "Mend it.")


def rounds(watch: Watch) -> None:
    """Let every client work."""
    watch.scene.load.wait_until_whole(watch.fault, 60)


def test_names_are_unique_and_every_fault_of_the_issue_is_there() -> None:
    names = [each.name for each in DRILLS]
    assert len(set(names)) == len(names)
    assert names == [
        "kill-mlflow",
        "kill-gateway",
        "stop-database",
        "deny-s3",
        "slow-auth",
        "broken-gateway",
        "deploy-gateway",
        "broken-mlflow",
        "deploy-mlflow",
        "rollback",
    ]


def test_a_drill_that_nobody_noticed_passes_and_says_what_clients_saw(scene: Scene, platform: QuietPlatform) -> None:
    words = perform(drill(rounds, lossless="attribute"), scene)
    [report] = scene.reports
    assert words == report.words
    assert report.words.startswith("it breaks: none of ")
    assert report.view.requests >= 6
    assert report.view.refused > 0
    assert report.acknowledged >= 4
    assert report.steady is not None
    assert platform.events == [f"{SERVICE}: it breaks", f"{SERVICE}: it is mended"]


def test_failures_are_counted_and_pass_where_requests_may_fail(scene: Scene, registry: Registry) -> None:
    def fail(watch: Watch) -> None:
        registry.faulty = lambda method, _path: 0 if method == "PUT" else 503
        watch.hold_until_noticed(0.1, 60)
        scene.wait_for(
            lambda: {None, 503} <= {each.status for each in scene.load.journal.honest if each.failed}, "both"
        )
        registry.faulty = lambda *_: None

    perform(drill(fail), scene)
    seen = scene.reports[0].view
    assert set(seen.failures) == {"503", "no answer (ConnectionResetError)"}
    assert seen.out is not None
    assert seen.out > 0


def test_one_lost_request_fails_a_drill_that_must_lose_none(scene: Scene, registry: Registry) -> None:
    def fail(watch: Watch) -> None:
        registry.faulty = lambda *_: 502
        watch.hold_until_noticed(0, 60)
        registry.faulty = lambda *_: None

    with pytest.raises(CheckFailed, match="x 502") as failure:
        perform(drill(fail, lossless="deployment_minimum_healthy_percent"), scene)
    assert (failure.value.arn, failure.value.attribute) == (SERVICE, "deployment_minimum_healthy_percent")
    assert failure.value.exchange is not None
    assert failure.value.remedy == "Mend it."
    assert scene.reports[0].losses == ()


@pytest.mark.parametrize("lose", [Registry.lose_artifacts, Registry.damage_artifacts])
def test_an_acknowledged_artifact_that_is_lost_or_damaged_fails_it(
    scene: Scene, registry: Registry, lose: Callable[[Registry], None]
) -> None:
    def forget(watch: Watch) -> None:
        rounds(watch)
        lose(registry)

    with pytest.raises(CheckFailed, match=r"acknowledged writes are lost: .*artifact .*model\.bin|slow/") as failure:
        perform(drill(forget), scene)
    assert failure.value.arn == "arn:aws:s3:::artifacts-x"
    assert scene.reports[0].losses


@pytest.mark.parametrize(
    ("kind", "words"), [("version", "model version drills/"), ("parameter", "its parameter is None")]
)
def test_what_a_registry_acknowledges_without_keeping_it_is_found(
    scene: Scene, registry: Registry, kind: str, words: str
) -> None:
    def forget(watch: Watch) -> None:
        registry.forgets.add(kind)
        rounds(watch)
        rounds(watch)

    with pytest.raises(CheckFailed, match=words) as failure:
        perform(drill(forget), scene)
    assert failure.value.arn == DATABASE


def test_an_open_door_fails_it(scene: Scene, registry: Registry) -> None:
    def open_it(watch: Watch) -> None:
        registry.guarded = False
        scene.wait_for(lambda: any(not each.failed for each in scene.load.journal.intruders), "somebody got in")
        registry.guarded = True

    with pytest.raises(CheckFailed, match=r"access was open: .* as an intruder answers 200") as failure:
        perform(drill(open_it), scene)
    assert failure.value.arn == GATEWAY_TASK


def test_a_platform_that_does_not_come_back_fails_it_within_the_bound(
    scene: Scene, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drill_module, "BOUND_SECONDS", 0.5)

    def break_for_good(_watch: Watch) -> None:
        registry.faulty = lambda *_: 503

    with pytest.raises(CheckFailed, match=r"does not answer as before.*503"):
        perform(drill(break_for_good), scene)
    assert scene.reports[0].steady is None
    assert "not steady again; acknowledged writes read back: " in scene.reports[0].words
    assert scene.reports[0].losses == ()


def test_a_service_that_does_not_get_steady_is_blamed(scene: Scene, platform: QuietPlatform) -> None:
    platform.failure = PlatformFailure("2 tasks are missing", arn=SERVICE)
    with pytest.raises(PlatformFailure, match="2 tasks are missing"):
        perform(drill(rounds), scene)
    assert scene.reports[0].steady is None


def test_a_fault_that_reached_nobody_proves_nothing(scene: Scene) -> None:
    with pytest.raises(CheckFailed, match="it breaks, and no client noticed within"):
        perform(drill(lambda watch: watch.hold_until_noticed(0, 0.5)), scene)


def test_a_drill_does_not_begin_while_clients_still_fail(
    scene: Scene, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drill_module, "_CONTENT_SECONDS", 0.5)
    registry.faulty = lambda *_: 503
    with pytest.raises(CheckFailed, match="does not answer as before"):
        perform(drill(rounds), scene)
    assert scene.reports == []


def test_a_client_that_fails_itself_means_that_nothing_is_known(scene: Scene, registry: Registry) -> None:
    def impossible(_method: str, _path: str) -> int:
        raise ZeroDivisionError

    registry.faulty = impossible
    with pytest.raises(InfraError, match="ZeroDivisionError") as failure:
        perform(drill(rounds), scene)
    assert not isinstance(failure.value, CheckFailed)


def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(CheckFailed, match="in vain for this: the sun"):
        scene_module.Scene.wait_for(lambda: False, "the sun", 0.1)


def test_every_drill_has_a_row_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs/preflight.md").read_text()
    assert not [each.name for each in DRILLS if f"`{each.name}`" not in page]
