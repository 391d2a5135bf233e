"""What an account holds before the stack and beyond the bootstrap root: things that people made by hand on AWS.

The public hosted zone of the domain is delegated at the registrar, and its certificate is validated in it; both outlive
every stack, so no root of this repository owns them. The stack reads them by name.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from infra.account.emulated import EmulatedAccount

_CERTIFICATE_DAYS = 395  # as long as ACM's own certificates


def seed(account: EmulatedAccount, domain: str) -> None:
    """Make the public hosted zone of a domain and an issued certificate for it and all names one level below it.

    Args:
        account: the emulated account; what is there already stays as it is.
        domain: e.g. "hokus.ai".
    """
    _hosted_zone(account, domain)
    _certificate(account, domain)


def _hosted_zone(account: EmulatedAccount, domain: str) -> None:
    route53 = account.client("route53")
    zones = [zone for page in route53.get_paginator("list_hosted_zones").paginate() for zone in page["HostedZones"]]
    if any(zone["Name"] == f"{domain}." and not zone["Config"]["PrivateZone"] for zone in zones):
        return
    route53.create_hosted_zone(Name=domain, CallerReference=f"seed-{domain}")


def _certificate(account: EmulatedAccount, domain: str) -> None:
    acm = account.client("acm")
    pages = acm.get_paginator("list_certificates").paginate(CertificateStatuses=["ISSUED"])
    if any(found["DomainName"] == domain for page in pages for found in page["CertificateSummaryList"]):
        return
    certificate, key = _self_signed([domain, f"*.{domain}"])
    acm.import_certificate(Certificate=certificate, PrivateKey=key)


def _self_signed(names: Sequence[str]) -> tuple[bytes, bytes]:
    """A certificate that is its own issuer, and its private key, both as PEM."""
    # RSA 2048 is what ACM issues unless told otherwise, and the only kind that its lists show unless asked.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=_CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private
