"""The channels, one file each. A module here that does not begin with `_` defines `KIND`, and that is all it takes.

Modules are found by looking into the package, so adding a channel changes no other file. They import what is heavy
only when a channel is built: the API reads every KIND and sends nothing but a test mail.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import MappingProxyType

from opscopilot.notifications.channels import ChannelKind, Kinds


def find() -> Kinds:
    """Every channel in this package, by code; TypeError when a module defines none, ValueError when two share a code."""
    found: dict[str, ChannelKind] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        kind = getattr(import_module(f"{__name__}.{module.name}"), "KIND", None)
        if not isinstance(kind, ChannelKind):
            raise TypeError(f"{__name__}.{module.name} defines no KIND of the type ChannelKind")
        if kind.code in found:
            raise ValueError(f"{__name__}.{module.name}: there is another channel '{kind.code}'")
        found[kind.code] = kind
    return MappingProxyType(dict(sorted(found.items())))


KINDS: Kinds = find()
"""Every channel that ships, by code."""
