"""Which values of a plan are secrets, by Terraform's marks and by name, and in which forms each may be written."""

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

from infra.review.marks import is_secret, parsed
from infra.review.model import Json

# A shorter value is only redacted where it is marked: "dev" is in every other word.
SHORTEST: Final = 6
_SHORTEST_LINE: Final = 16
_PASSWORD_IN_URL: Final = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")


def secrets_of(document: Mapping[str, Any]) -> set[str]:
    """Every secret value of a plan, by mark and by name.

    Args:
        document: the plan's JSON.

    Returns:
        The values, with their parts where a value is JSON, a URL or several lines.
    """
    found: set[str] = set()
    for value in _marked(document):
        _leaves(value, found)
    for part in ("resource_changes", "resource_drift"):
        for entry in document.get(part, []):
            for side in ("before", "after"):
                _named(entry["change"].get(side), found)
    for part in ("planned_values", "prior_state", "variables", "output_changes", "configuration"):
        _named(document.get(part), found)
    return {part for value in found for part in _parts(value) if len(part) >= SHORTEST}


def _marked(document: Mapping[str, Any]) -> Iterator[Json]:
    """The values that Terraform marks."""
    changes = [entry["change"] for part in ("resource_changes", "resource_drift") for entry in document.get(part, [])]
    for change in [*changes, *document.get("output_changes", {}).values()]:
        for side in ("before", "after"):
            yield from _under(change.get(side), change.get(f"{side}_sensitive"))
    for state in (document.get("planned_values", {}), document.get("prior_state", {}).get("values", {})):
        yield from (output.get("value") for output in state.get("outputs", {}).values() if output.get("sensitive"))
        for resource in _resources(state.get("root_module", {})):
            yield from _under(resource.get("values"), resource.get("sensitive_values"))
    root = document.get("configuration", {}).get("root_module", {})
    for name, declared in root.get("variables", {}).items():
        if declared.get("sensitive"):
            yield document.get("variables", {}).get(name, {}).get("value")
            yield declared.get("default")
    for change in document.get("output_changes", {}).items():
        if root.get("outputs", {}).get(change[0], {}).get("sensitive"):
            yield from (change[1].get("before"), change[1].get("after"))


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _under(value: Json, mark: Json) -> Iterator[Json]:
    if not mark:
        return
    if mark is True:
        yield value
    elif isinstance(mark, dict) and isinstance(value, dict):
        for key, each in mark.items():
            if each:
                yield from _under(value.get(key), each)
    elif isinstance(mark, list) and isinstance(value, list):
        for each, marked in zip(value, mark, strict=False):
            if marked:
                yield from _under(each, marked)


def _leaves(value: Json, found: set[str]) -> None:
    if isinstance(value, dict):
        for each in value.values():
            _leaves(each, found)
    elif isinstance(value, list):
        for each in value:
            _leaves(each, found)
    elif value is not None and not isinstance(value, bool):
        found.add(str(value))


def _named(value: Json, found: set[str]) -> None:
    """Collect the texts under a secret name, also inside JSON texts."""
    if isinstance(value, dict):
        name = value.get("name")
        if isinstance(name, str) and is_secret(name, value.get("value")):
            found.add(value["value"])
        for key, each in value.items():
            if isinstance(each, str):
                if is_secret(key, each):
                    found.add(each)
                elif each[:1] in ("{", "["):
                    _named(parsed(each), found)
            elif each:
                _named(each, found)
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, (dict, list)):
                _named(each, found)
            elif isinstance(each, str) and each[:1] in ("{", "["):
                _named(parsed(each), found)


def _parts(value: str) -> Iterator[str]:
    """A secret and what is secret in it."""
    yield value
    yield value.strip()
    yield from _PASSWORD_IN_URL.findall(value)
    if "\n" in value:
        yield from (line.strip() for line in value.splitlines() if len(line.strip()) >= _SHORTEST_LINE)
    inside: set[str] = set()
    _leaves(parsed(value), inside)
    for each in inside:
        yield from _parts(each)


def forms_of(value: str) -> Iterator[str]:
    """A secret as it may be written.

    Args:
        value: the secret.

    Yields:
        Each form, the value itself included.
    """
    raw = value.encode(errors="surrogatepass")
    texts = {value, html.escape(value), html.escape(value, quote=False)}
    for _ in range(2):
        texts |= {escaped for text in texts for escaped in _json_escaped(text)}
    for text in texts:
        yield text
        yield from _base64(text.encode(errors="surrogatepass"))
    for encoded in (quote(raw, safe=""), quote(raw), quote_plus(raw), quote(raw, safe="/:@!$&'()*+,;=~")):
        yield encoded
        yield re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), encoded)
    yield raw.hex()
    yield raw.hex().upper()


def _json_escaped(text: str) -> Iterator[str]:
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield escaped
        # Go, and so Terraform, also escapes what HTML would understand.
        yield re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", escaped)


def _base64(raw: bytes) -> Iterator[str]:
    """The part of a longer base64 text that only depends on these bytes, for each way they can fall into groups."""
    yield base64.b64encode(raw).decode()
    yield base64.urlsafe_b64encode(raw).decode()
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + raw)
        whole = (offset + len(raw)) * 8 // 6  # characters whose bits are all known
        sure = encoded[-(-offset * 8 // 6) : whole].decode()
        if len(sure) >= SHORTEST:
            yield sure
            yield sure.translate(str.maketrans("+/", "-_"))
