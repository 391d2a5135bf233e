"""From a failed step to what a person has to know: what, which resource, which line, and what to change."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.preflight.observed import Observed
from infra.preflight.origin import Origin, origin_of
from infra.preflight.origins import Origins
from infra.preflight.platform.model import PlatformFailure, Task
from infra.preflight.suspicions import Seen, Suspicion
from infra.repository import ROOT, STACK
from infra.terraform.runner import TerraformError
from infra.verification.finding import Finding
from infra.verification.steps import CheckFailed, StepResult

_LOG_LINES = 15
_METRICS = '{"_aws":'


def explain(result: StepResult, observed: Observed | None, origins: Origins) -> Finding:
    """What a failed step means.

    Args:
        result: the step, with what it raised.
        observed: what was seen at the platform; None before it ran.
        origins: where resources come from.

    Returns:
        The finding.
    """
    error = result.error
    if isinstance(error, TerraformError):
        return _of_terraform(result.name, error, origins)
    message = getattr(error, "message", "") or str(error) or type(error).__name__
    exchange = error.exchange.described() if isinstance(error, CheckFailed) and error.exchange else ""
    if isinstance(error, PlatformFailure):
        suspicion = Suspicion(error.arn, error.attribute, "", error.remedy, error.task.id if error.task else None)
        if observed and error.task:
            suspicion = Seen(observed, result.started).refused_to(error.task) or suspicion
    elif isinstance(error, CheckFailed) and error.arn:
        suspicion = Suspicion(error.arn, error.attribute, "", error.remedy)
    else:
        seen = Seen(observed, result.started) if observed else None
        suspicion = seen.suspicion(error, origins) if seen else Suspicion()
        exchange = exchange or (seen.failed_exchange_described() if seen else "")
    if isinstance(error, CheckFailed) and not suspicion.remedy:
        suspicion = replace(suspicion, remedy=error.remedy)
    return _finding(result.name, message, suspicion, exchange, observed, origins)


def _finding(  # noqa: PLR0917 - private, with names that say what they are
    step: str, message: str, suspicion: Suspicion, exchange: str, observed: Observed | None, origins: Origins
) -> Finding:
    origin = origins.find(suspicion.arn, suspicion.attribute) if suspicion.arn else None
    task = _task(observed.tasks if observed else (), suspicion.task_id)
    return Finding(
        step=step,
        message=f"{message} {suspicion.because}".strip(),
        blamed=origin.described if origin else suspicion.arn,
        address=origin.address if origin else "",
        places=origin.places if origin else "",
        remedy=suspicion.remedy,
        exchange=exchange,
        settings="\n".join(origins.settings(suspicion.arn)) if suspicion.arn else "",
        log_of=task.name if task else "",
        log="\n".join(_last_lines(task.log)) if task else "",
    )


def _last_lines(log: str) -> list[str]:
    """The last lines that a person reads: embedded metrics are for CloudWatch."""
    return [line for line in log.splitlines() if not line.startswith(_METRICS)][-_LOG_LINES:]


def _task(tasks: Iterable[Task], task_id: str | None) -> Task | None:
    return next((task for task in tasks if task.id == task_id), None)


def _of_terraform(step: str, error: TerraformError, origins: Origins) -> Finding:
    first: Mapping[str, Any] = error.diagnostics[0] if error.diagnostics else {}
    address = str(first.get("address") or "")
    origin: Origin | None = origin_of(address) if address else None
    place = first.get("range")
    line = f"{_in_repository(place['filename'])}:{place['start']['line']}" if place else ""
    places = [line, *(origin.places.split(", ") if origin else ())]
    return Finding(
        step=step,
        message=str(error),
        blamed=origin.described if origin else address or line,
        address=address,
        places=", ".join(dict.fromkeys(each for each in places if each)),
        remedy="Terraform says above what it does not accept; nothing was started.",
    )


def _in_repository(file: str) -> str:
    """A file as Terraform names it, relative to its root module, as a person finds it."""
    path = (STACK / file).resolve()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else Path(file).name
