"""Steps that the standard MLflow client goes through as an outside developer would."""

from infra.verification.steps import Step
from infra.verification.target import Target


def _client_step(
    function: str, about: str, *, needs: tuple[str, ...] = (), formerly: str = "", leaves: bool = True
) -> Step[Target]:
    def check(target: Target) -> str:
        return target.client.step(function)

    return Step(function, about, check, needs=("bearer-auth", *needs), formerly=formerly, leaves=leaves)


STEPS = (
    _client_step(
        "experiments",
        "The client makes an experiment, finds, changes, deletes and restores it",
    ),
    _client_step("runs", "The client logs runs with parameters, metrics, tags and inputs, and finds them again"),
    _client_step("artifacts", "The client uploads files, lists them, gets the same bytes back, deletes them"),
    _client_step(
        "model",
        "The client registers a model with its artifacts and loads it back by an alias",
        formerly="test_real_registration.py",
    ),
    _client_step(
        "registry", "The client lists, describes, tags, renames and deletes models and versions", needs=("model",)
    ),
    _client_step("traces", "The client records, finds and deletes a trace"),
    _client_step("refusals", "What is not there is said not to be there", leaves=False),
)
# At the end, when everything that looks at what was made has looked.
CLEANUP = _client_step("cleanup", "The client removes everything that was made", leaves=False)
