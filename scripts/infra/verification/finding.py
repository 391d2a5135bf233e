"""What a failed step means, for the one who mends it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What is wrong, for a person who has to mend it.

    Args:
        step: name of the step that found it.
        message: what does not work.
        blamed: the resource, as people say it; "" when it is not known.
        address: its address in the state; "" when it is not known.
        places: lines of the configuration, the deciding one first; "" when they are not known.
        remedy: what to change; "" when it is not known.
        exchange: the request that shows it and its answer; "" where there is none.
        settings: what the blamed task definition starts its containers with; "" for anything else.
        log_of: the task whose last lines follow; "" where there is none.
        log: its last lines.
    """

    step: str
    message: str
    blamed: str = ""
    address: str = ""
    places: str = ""
    remedy: str = ""
    exchange: str = ""
    settings: str = ""
    log_of: str = ""
    log: str = ""


def finding_lines(finding: Finding) -> list[str]:
    """A finding as text.

    Args:
        finding: it.

    Returns:
        Its lines; the first one begins with the step.
    """
    facts = [
        ("resource", f"{finding.blamed}  {finding.address}".strip()),
        ("lines", finding.places),
        ("to do", finding.remedy),
    ]
    lines = [f"{finding.step}: {finding.message}"]
    lines += [f"  {name + ':':10}{text}" for name, text in facts if text]
    if finding.exchange:
        lines += ["  request and answer:", *(f"    {line}" for line in finding.exchange.splitlines())]
    if finding.settings:
        lines += ["  its settings:", *(f"    {line}" for line in finding.settings.splitlines())]
    if finding.log:
        lines += [f"  last lines of {finding.log_of}:", *(f"    {line}" for line in finding.log.splitlines())]
    return lines
