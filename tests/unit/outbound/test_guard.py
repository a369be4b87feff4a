"""Which addresses may be called."""

from __future__ import annotations

import pytest

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.outbound.guard import AddressGuard, AddressRefused, check_url, networks


@pytest.mark.parametrize("address", [
    "10.0.0.1", "172.16.3.4", "192.168.1.1", "127.0.0.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1", "nonsense",
])  # fmt: skip
def test_addresses_inside_are_refused(address: str) -> None:
    with pytest.raises(AddressRefused) as raised:
        AddressGuard(resolver=lambda *_: [address]).check("erp.example.com", 443)
    assert raised.value.code == "address_refused"


def test_one_private_address_among_public_ones_is_enough() -> None:
    guard = AddressGuard(resolver=lambda *_: ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(AddressRefused):
        guard.check("erp.example.com", 443)


def test_a_public_address_is_given_back() -> None:
    assert AddressGuard(resolver=lambda *_: ["93.184.216.34"]).check("erp.example.com", 443) == "93.184.216.34"


def test_networks_of_the_plant_can_be_allowed_but_never_metadata_or_ourselves() -> None:
    guard = AddressGuard(allowed=networks("10.1.0.0/16, 169.254.0.0/16, fd00::/8, 127.0.0.0/8"))
    assert guard.may("10.1.2.3")
    assert guard.may("fd12::1")
    assert not guard.may("10.2.0.1")
    assert not guard.may("169.254.169.254")
    assert not guard.may("fd00:ec2::254")
    assert not guard.may("127.0.0.1")


def test_a_wrong_network_is_named() -> None:
    with pytest.raises(ValueError, match=r"CONNECTOR_ALLOW_PRIVATE: '10\.1\.0/16'"):
        networks("10.1.0/16")


def test_a_name_without_an_address_is_said() -> None:
    def nothing(*_: object) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(AddressRefused) as raised:
        AddressGuard(resolver=nothing).check("erp.exmaple.com", 443)
    assert raised.value.code == "unknown_host"


@pytest.mark.parametrize(
    "url", ["http://erp.example.com", "ftp://x.y", "https://", "https://u:p@x.y", "https://x y", "//x"]
)
def test_only_plain_https_addresses_are_kept(url: str) -> None:
    with pytest.raises(ValidationFailed):
        check_url(url, local=False)
