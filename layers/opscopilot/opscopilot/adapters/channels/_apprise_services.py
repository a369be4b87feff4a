"""Which of Apprise's services may be written to: those whose server is their vendor's own, whatever the address says.

Decided by what each plugin declares of itself, so that a newer Apprise is judged by the same rule:

- its addresses have no place for a host, a port, a path, an organisation's name or a file;
- it speaks https only (one that also speaks http can be anybody's server), through `requests`;
- it works without more packages and is switched on (what talks to the desktop, a device or a bus does neither).

Four more are refused by name: their servers are looked up in what an account or an address says.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from functools import lru_cache
from typing import Any, NoReturn, cast
from urllib.parse import parse_qsl, urlsplit

import apprise
from apprise.common import NotifyFormat, NotifyType
from apprise.manager_plugins import NotificationManager

_PLACE = re.compile(r"\{(host|hostname|domain|server|url|port|path|fullpath|organization|keyfile|gateway)\}")
_ELSEWHERE = frozenset({"bsky", "bluesky", "nostr", "zulip"})
# How Apprise behaves is not for an address to say; least of all which file it reads or how often it tries.
_NOT_ARGUMENTS = frozenset({
    "verify", "redirect", "rto", "cto", "store", "retry", "wait", "tz", "template", "keyfile", "subfile", "relay",
    "blossom", "avatar_url", "image", "overflow",
})  # fmt: skip
_TYPES = {"critical": NotifyType.FAILURE, "high": NotifyType.WARNING, "medium": NotifyType.WARNING}
_said = threading.local()


class _Capture(logging.Handler):
    """What Apprise logs while this thread sends: the only place where it says why something failed."""

    def emit(self, record: logging.LogRecord) -> None:
        lines = getattr(_said, "lines", None)
        if lines is not None:
            lines.append(record.getMessage())


@lru_cache(maxsize=1)
def _asset() -> Any:
    logger = logging.getLogger("apprise")
    logger.addHandler(_Capture(logging.WARNING))
    logger.propagate = False  # its lines name recipients
    made = apprise.AppriseAsset(allow_templates=False, service_timeout=8.0, storage_mode="memory")
    made.app_id, made.app_desc, made.app_url = "OpsCopilot", "Operations copilot", ""
    made.http_redirects = False
    made.async_mode = False
    return made


@lru_cache(maxsize=1)
def allowed() -> dict[str, Any]:
    """Schema -> plugin, of every service that may be written to. Loads all plugins: about a second."""
    manager = cast(Any, NotificationManager)()  # it is not annotated throughout
    manager.load_modules()
    return {
        schema.lower(): plugin
        for plugin in manager.plugins(include_disabled=False)
        if _is_the_vendors_own(plugin)
        for schema in _listed(plugin.secure_protocol) if schema.lower() not in _ELSEWHERE
    }  # fmt: skip


def _is_the_vendors_own(plugin: Any) -> bool:
    if plugin.protocol or not plugin.secure_protocol or not plugin.enabled:
        return False
    if plugin.requirements.get("packages_required") or not hasattr(sys.modules[plugin.__module__], "requests"):
        return False
    return bool(plugin.templates) and not any(_PLACE.search(one) for one in plugin.templates)


def _listed(schemas: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (schemas,) if isinstance(schemas, str) else tuple(schemas)


def service(address: str) -> Any:
    """The plugin for that address, ready to send; ValueError saying what would be right."""
    schema = address.split("://", 1)[0].lower()
    plugin = allowed().get(schema)
    if plugin is None:
        raise ValueError(
            f"a service whose server is fixed by its vendor, such as tgram://, discord:// or pagerduty://; '{schema}' "
            "could lead anywhere, or is none of Apprise's"
        )
    try:
        given = {name.lower() for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True)}
    except ValueError:
        _refuse(plugin, schema)
    unknown = sorted(name for name in given if name not in plugin.template_args or name in _NOT_ARGUMENTS)
    if unknown:
        raise ValueError(f"an address without the parameter '{unknown[0].strip()}'")
    made = apprise.Apprise.instantiate(address, asset=_asset(), suppress_exceptions=True)
    if made is None:
        _refuse(plugin, schema)
    return made


def _refuse(plugin: Any, schema: str) -> NoReturn:
    raise ValueError(f"an address of the form {plugin.templates[0].replace('{schema}', schema)}")


def notify(ready: Any, title: str, text: str, severity: object) -> str | None:
    """Send it. None: the service took it; otherwise what Apprise had to say, at most 300 characters."""
    _said.lines = []
    try:
        kind = _TYPES.get(str(severity), NotifyType.INFO)
        taken = ready.notify(body=text, title=title, notify_type=kind, body_format=NotifyFormat.TEXT)
        lines = [" ".join(one.split()) for one in _said.lines]
        return None if taken else (" ".join(lines)[:300] or "no reason given")
    finally:
        _said.lines = None
