"""Certificates of servers that run for a while on this machine, by an authority that nobody else trusts."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_PEM = serialization.Encoding.PEM


class Authority:
    """A certificate authority for a day. Its key is never written down."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(f"Authority {secrets.token_hex(4)}")
        certificate = self._certificate(self._name, self._key)
        certificate = certificate.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.pem = certificate.sign(self._key, hashes.SHA256()).public_bytes(_PEM)

    def issue(self, certificate_file: Path, key_file: Path, names: Iterable[str]) -> None:
        """Write a server's certificate and its private key, which only the owner may read.

        Args:
            certificate_file: PEM.
            key_file: PEM.
            names: DNS names or IP addresses of the server.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        server = self._certificate(_name("Server"), key)
        server = server.add_extension(x509.SubjectAlternativeName([_san(name) for name in names]), critical=False)
        server = server.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        certificate_file.write_bytes(server.sign(self._key, hashes.SHA256()).public_bytes(_PEM))
        key_file.touch(mode=0o600)
        key_file.write_bytes(key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    def _certificate(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(issuer_name=self._name, subject_name=name, public_key=key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - timedelta(minutes=5)).not_valid_after(now + timedelta(days=1))


def write_certificates(folder: Path, *names: str) -> None:
    """A new authority (ca.pem) and what it signed: server.pem for names or IP addresses, server.key."""
    authority = Authority()
    (folder / "ca.pem").write_bytes(authority.pem)
    authority.issue(folder / "server.pem", folder / "server.key", names)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _san(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
