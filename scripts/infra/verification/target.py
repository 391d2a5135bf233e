"""What is verified: a registry as its clients know it. A preflight's platform is one, a live environment another."""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.account.inventory import Clients
from infra.verification.api_keys import Keys
from infra.verification.evidence import Evidence
from infra.verification.exchange import Exchange
from infra.verification.session import ClientSession
from infra.verification.steps import CheckFailed

_HTTPS, _HTTP = 443, 80
# AWSManagedRulesCommonRuleSet (modules/alb/waf.tf) refuses requests without one: NoUserAgent_HEADER.
_USER_AGENT = "infra-verification"
# ECS service behind the registry's public host.
GATEWAY = "hokusai-gateway"


@dataclass(frozen=True)
class Door:
    """Where a public host is served, when that is not where its name and scheme say.

    Args:
        address: IP address.
        https_port: of HTTPS; None: nobody listens.
        http_port: of HTTP; None: nobody listens.
        load_balancer_arn: which load balancer of the account that is; "" where there is none.
    """

    address: str
    https_port: int | None
    http_port: int | None
    load_balancer_arn: str = ""


def registry_host(domain: str) -> str:
    """Public host of the registry below a domain."""
    return f"registry.{domain}"


def tracking_uri(domain: str) -> str:
    """What a client sets as MLFLOW_TRACKING_URI (docs/clients.md)."""
    return f"https://{registry_host(domain)}/api/mlflow"


@dataclass(frozen=True)
class Target:
    """A registry to be verified.

    The names of hosts, bucket and services are those of the running system (docs/decisions/0001): what clients and
    operators use, whatever the configuration under test says.

    Args:
        environment: its name.
        domain: public domain.
        keys: API keys.
        account: AWS clients of its account.
        client: the standard MLflow client, for this registry.
        evidence: what the environment tells about itself.
        emulated: whether the account is an emulated one, in which this machine runs what AWS would.
        doors: by host; what is not there is found by its name.
        ca_file: authorities that may have signed its certificates; None: those that the system trusts.
        legacy_until: last day (ISO 8601) on which keys for `ml-platform` work.
    """

    environment: str
    domain: str
    keys: Keys
    account: Clients
    client: ClientSession
    evidence: Evidence
    emulated: bool
    doors: Mapping[str, Door] = field(default_factory=dict)
    ca_file: Path | None = None
    legacy_until: str = ""

    @property
    def registry(self) -> str:
        """Public host of the registry."""
        return registry_host(self.domain)

    @property
    def auth(self) -> str:
        """Public host of the auth service."""
        return f"auth.{self.domain}"

    @property
    def cluster(self) -> str:
        """ECS cluster."""
        return f"hokusai-{self.environment}"

    @property
    def bucket(self) -> str:
        """Bucket of the artifacts."""
        return f"hokusai-mlflow-artifacts-{self.environment}"

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        key: str = "",
        host: str = "",
        claimed_host: str = "",
        scheme: str = "https",
        seconds: float = 60.0,
    ) -> Exchange:
        """Send a request through the front door, on a connection of its own.

        Args:
            method: HTTP method.
            path: request target as it goes on the wire.
            body: bytes, an iterator of pieces of them (with a Content-Length in `headers`), or a value sent as JSON.
            headers: more headers.
            key: API key, sent as `Authorization: Bearer`.
            host: public host to connect to; the registry's unless said otherwise.
            claimed_host: Host header, when it is to be another than that.
            scheme: "https" or "http".
            seconds: time limit.

        Returns:
            The exchange, whatever its status.

        Raises:
            CheckFailed: nobody answered; says where.
        """
        host = host or self.registry
        sent = {
            "Host": claimed_host or host,
            "User-Agent": _USER_AGENT,
            **({"Authorization": f"Bearer {key}"} if key else {}),
            **(headers or {}),
        }
        if body is not None and not isinstance(body, bytes | Iterator):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        url = f"{scheme}://{host}{path}"
        begun = time.time()
        connection = http.client.HTTPConnection(host, timeout=seconds)
        try:
            connection.sock = self._connect(host, scheme, seconds)
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            received = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise CheckFailed(
                f"{method} {url} got no answer: {error or type(error).__name__}", remedy=_way_out(error, host)
            ) from error
        finally:
            connection.close()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Exchange(method, url, sent, answer.status, names, received, time.time() - begun, begun)

    def _connect(self, host: str, scheme: str, seconds: float) -> socket.socket:
        door = self.doors.get(host)
        if door is None and self.doors:
            raise OSError(f"no load balancer serves {host}")
        standard = _HTTPS if scheme == "https" else _HTTP
        port = standard if door is None else door.https_port if scheme == "https" else door.http_port
        if port is None:
            raise OSError(f"nobody listens for {scheme} at {host}")
        plain = socket.create_connection((door.address if door else host, port), timeout=seconds)
        if scheme == "http":
            return plain
        try:
            context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
            return context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise


def _way_out(error: Exception, host: str) -> str:
    """What a person can do when a host cannot be reached at all."""
    if isinstance(error, socket.gaierror):
        return f"The name {host} does not resolve here: compare the hosted zone (`make plan`) with `dig {host}`."
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            "Look at the certificate: `openssl s_client -connect "
            f"{host}:443 -servername {host}`. If your own network shows one of its own, name its authority's file in "
            "SSL_CERT_FILE."
        )
    if isinstance(error, TimeoutError):
        return "Nobody answers there from here: a firewall, the load balancer's security group, or a wrong address."
    return ""
