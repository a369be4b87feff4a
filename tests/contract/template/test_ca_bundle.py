"""The authorities a database connection is verified against are the ones the template's database uses."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

from cryptography import x509

from local.template import Template
from tests.contract.template.state_machines import ROOT

BUNDLE = ROOT / "layers" / "opscopilot" / "certs" / "rds-ca-bundle.pem"


def names() -> set[str]:
    """Common names in the bundle."""
    return {
        str(one.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)
        for one in x509.load_pem_x509_certificates(BUNDLE.read_bytes())
    }


def test_every_certificate_is_a_self_signed_authority_with_years_to_live() -> None:
    for one in x509.load_pem_x509_certificates(BUNDLE.read_bytes()):
        one.verify_directly_issued_by(one)
        assert one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert one.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3 * 365)


def test_it_holds_the_family_the_database_is_told_to_use_and_the_proxys(template: Template) -> None:
    assert template.resources["Db"]["Properties"]["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"
    found = names()
    for region in ("us-east-1", "eu-west-1", "eu-central-1", "eu-north-1", "ap-southeast-2"):
        assert f"Amazon RDS {region} Root CA RSA2048 G1" in found
    assert {f"Amazon Root CA {n}" for n in range(1, 5)} <= found


def test_a_verifying_context_can_be_made_of_it() -> None:
    context = ssl.create_default_context(cafile=BUNDLE)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) == len(names())


def test_functions_look_where_the_layer_puts_it(template: Template) -> None:
    for _, function in template.of_type("AWS::Lambda::Function"):
        assert function["Environment"]["Variables"]["DB_CA_BUNDLE"] == f"/opt/certs/{BUNDLE.name}"
    makefile = (ROOT / "layers" / "Makefile").read_text(encoding="utf-8")
    assert f'cp layers/opscopilot/certs/{BUNDLE.name} "$(ARTIFACTS_DIR)/certs/"' in makefile
