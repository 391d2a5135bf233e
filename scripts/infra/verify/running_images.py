"""What runs in an environment: the images of its services, before and after a verification."""

from dataclasses import dataclass, field

from infra.verification.rollout import services_of
from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

_PREFIX = "hokusai-"


@dataclass
class RunningImages:
    """Remembers what ran when it was first asked.

    Attributes:
        images: repository and digest by service, as the environment's images file names them.
        task_definitions: ARN by service.
    """

    images: dict[str, str] = field(default_factory=dict)
    task_definitions: dict[str, str] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[Step[Target], Step[Target]]:
        """The first and the last step of a verification."""
        first = Step("images", "Every service has an image that can be named", self._note)
        last = Step("same-images", "Nothing was deployed while this ran", self._compare, needs=("images",))
        return first, last

    def _note(self, target: Target) -> str:
        self.images, self.task_definitions = _read(target)
        if not self.images:
            raise CheckFailed(
                f"No service runs in the cluster {target.cluster}",
                remedy=f"Apply the stack first: `make plan ENV={target.environment}`.",
            )
        return ", ".join(f"{name} {image.rpartition('/')[2]}" for name, image in sorted(self.images.items()))

    def _compare(self, target: Target) -> str:
        now = _read(target)
        if now != (self.images, self.task_definitions):
            changed = sorted(
                name
                for name in {*now[1], *self.task_definitions}
                if now[1].get(name) != self.task_definitions.get(name) or now[0].get(name) != self.images.get(name)
            )
            raise CheckFailed(
                f"Something else runs than at the beginning: {', '.join(changed)}",
                remedy="Nobody can say which of the two was verified: verify again.",
            )
        return f"{len(self.images)} services"


def _read(target: Target) -> tuple[dict[str, str], dict[str, str]]:
    ecs = target.account.client("ecs")
    images, definitions = {}, {}
    for service in services_of(target.account, target.cluster):
        name = service["serviceName"].removeprefix(_PREFIX)
        definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        containers = definition["containerDefinitions"]
        # A container is named like its service (environments/stack/services.tf); others would be helpers beside it.
        own = next((each for each in containers if each["name"] == name), containers[0])
        images[name], definitions[name] = own["image"], definition["taskDefinitionArn"]
    return images, definitions
