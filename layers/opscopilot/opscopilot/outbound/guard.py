"""Which addresses may be called: names are resolved here, once, and the connection goes to what was checked.

A second look-up could give another address (DNS rebinding), so nothing that was checked is resolved again.
Metadata services, loopback and private networks are refused; `CONNECTOR_ALLOW_PRIVATE` lists the networks of a
plant's own systems that may be called all the same. Link-local (metadata) is never allowed.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from opscopilot.kernel.addresses import Resolve, is_public, resolve
from opscopilot.kernel.errors import ValidationFailed

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_METADATA = ipaddress.ip_network("fd00:ec2::/32")  # AWS's own services over IPv6


class AddressRefused(Exception):
    """The host may not be called, or has no address. `code` is address_refused or unknown_host."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def networks(setting: str) -> tuple[Network, ...]:
    """CONNECTOR_ALLOW_PRIVATE read: networks in CIDR notation, separated by commas; ValueError names a wrong one."""
    found = []
    for part in (one.strip() for one in setting.split(",")):
        if part:
            try:
                found.append(ipaddress.ip_network(part))
            except ValueError as error:
                raise ValueError(f"CONNECTOR_ALLOW_PRIVATE: '{part}' is no network, for example 10.1.0.0/16") from error
    return tuple(found)


@dataclass(frozen=True)
class AddressGuard:
    """Decides which address of a host is connected to. `local` also allows loopback (one machine, tests).

    `loopback_only`: nothing else; for plain http, which never leaves the machine.
    """

    local: bool = False
    allowed: tuple[Network, ...] = ()
    resolver: Resolve = field(default=resolve)
    loopback_only: bool = False

    def check(self, host: str, port: int) -> str:
        """The address to connect to; raises AddressRefused like `addresses`."""
        return self.addresses(host, port)[0]

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses to try, in order. Every address the name has must be allowed; raises AddressRefused."""
        try:
            addresses = self.resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise AddressRefused("unknown_host", f"The name {host} cannot be resolved.") from error
        if not addresses:
            raise AddressRefused("unknown_host", f"The name {host} has no address.")
        if not all(self.may(one) for one in addresses):
            raise AddressRefused(
                "address_refused", f"{host} is an address inside a network, which is not called. If it is a system "
                "of the plant, whoever runs OpsCopilot adds its network to CONNECTOR_ALLOW_PRIVATE.",
            )  # fmt: skip
        return addresses

    def may(self, address: str) -> bool:
        """Whether this one address may be called."""
        try:
            ip = ipaddress.ip_address(address.split("%")[0])
        except ValueError:
            return False
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip in _METADATA:
            return False
        if ip.is_loopback:  # on AWS: the function's own runtime
            return self.local
        if self.loopback_only:
            return False
        if is_public(str(ip)):
            return True
        return any(ip in one for one in self.allowed if one.version == ip.version)


def check_url(url: str, *, local: bool, field_name: str = "url") -> str:
    """`url` when it is a plain https address (http too where `local`); ValidationFailed otherwise."""
    try:
        parts = urlsplit(url)
        plain = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        plain = False
        parts = urlsplit("")
    wrong = any(ord(one) <= 32 or ord(one) > 126 for one in url) or parts.username is not None
    if not plain or wrong or parts.scheme not in (("https", "http") if local else ("https",)):
        raise ValidationFailed(
            "This is not a plain https address.", field=field_name, value=url.split("@")[-1],
            expected="https://host/path, without a user and a password in it",
        )  # fmt: skip
    return url
