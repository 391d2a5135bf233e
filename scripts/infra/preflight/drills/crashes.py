"""Drills: a task is killed, and ECS has to start another one."""

from infra.preflight.drills.drill import Drill
from infra.preflight.drills.scene import GATEWAY, MLFLOW
from infra.preflight.drills.watch import Watch


def _kill(watch: Watch, service: str) -> None:
    scene = watch.scene
    task = scene.newest_task(service)
    watch.begin(f"{task.name} is killed", str(scene.service(service)["serviceArn"]))
    scene.platform.kill(task)
    scene.wait_for(lambda: task.state == "STOPPED", f"{task.name} has stopped")
    watch.end()


DRILLS = (
    Drill(
        "kill-mlflow",
        "When an MLflow task dies, another one takes its place and nothing is lost",
        lambda watch: _kill(watch, MLFLOW),
    ),
    Drill(
        "kill-gateway",
        "When a gateway task dies, another one takes its place and nothing is lost",
        lambda watch: _kill(watch, GATEWAY),
    ),
)
