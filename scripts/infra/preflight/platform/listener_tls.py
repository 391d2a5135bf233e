"""TLS of a listener: certificates for the names of the applied ones, by the run's own authority."""

import ssl
from pathlib import Path

from infra.preflight.parts.certificates import Authority
from infra.preflight.platform.listeners import Listener


def listener_context(listener: Listener, authority: Authority, folder: Path) -> ssl.SSLContext:
    """A context that shows a certificate for the names of the applied one; by SNI where there are several.

    Args:
        listener: with at least one certificate.
        authority: signs.
        folder: for certificates and keys.
    """
    contexts: list[tuple[tuple[str, ...], ssl.SSLContext]] = []
    for number, names in enumerate(listener.names.values()):
        stem = f"{listener.arn.rpartition('/')[2]}-{number}"
        authority.issue(folder / f"{stem}.pem", folder / f"{stem}.key", names)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / f"{stem}.pem", folder / f"{stem}.key")
        contexts.append((names, context))
    first = contexts[0][1]

    def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        for names, context in contexts:
            if name and any(_is_for(each, name) for each in names):
                connection.context = context
                return

    first.sni_callback = choose
    return first


def _is_for(pattern: str, name: str) -> bool:
    pattern, name = pattern.lower(), name.lower()
    return pattern == name or (pattern.startswith("*.") and name.partition(".")[2] == pattern[2:])
