"""The channel `apprise`: the hundred other messengers, through the package of that name, where it is installed.

Apprise makes its own connections, which our outbound rules cannot guard. So only services whose server their vendor
fixed are written to; `_apprise_services` decides which. Nothing is attached, and no file or template is read.
"""

from __future__ import annotations

import re
from importlib.util import find_spec

from opscopilot.notifications.channels import (
    Blames,
    Channel,
    ChannelKind,
    DeliveryFailed,
    Installation,
    Message,
    Receipt,
)

_MISSING = (
    "Apprise is not installed here. Whoever runs OpsCopilot adds it: `pip install apprise`, or the layer "
    "layers/messaging on AWS."
)
_SCHEMA = re.compile(r"[a-z0-9]{2,20}(?=://.)", re.IGNORECASE)
_STATUS = re.compile(r"error=(\d{3})")


class Apprise:
    """One attempt per call."""

    def send(self, message: Message) -> Receipt:
        """Hand it to the service; what the service then does is not reported back."""
        reason = missing()
        if reason is not None:
            raise DeliveryFailed(reason, retryable=False, blames="us")
        from opscopilot.adapters.channels import _apprise_services as services

        try:
            service = services.service(message.to)
        except ValueError as error:
            raise DeliveryFailed(f"Apprise needs {error}.", retryable=False, blames="address") from error
        said = services.notify(service, message.subject, _text(message), message.data.get("severity"))
        if said is not None:
            raise _failed(_destination(message.to), said)
        return Receipt()


def _text(message: Message) -> str:
    links = [f"{one.label}: {one.url}" for one in message.actions]
    return "\n\n".join([message.text, "\n".join(links)]) if links else message.text


def _failed(service: str, said: str) -> DeliveryFailed:
    """Apprise says only in its log why; a status below 500 is the service's no, all else may pass."""
    status = _STATUS.search(said)
    code = int(status.group(1)) if status else 0
    hopeless = 400 <= code < 500 and code not in (408, 425, 429)
    blames: Blames = "address" if hopeless else "destination"
    return DeliveryFailed(f"{service} did not take it: {said}", retryable=not hopeless, blames=blames)


def missing() -> str | None:
    """Why nothing can be sent over Apprise here; None when it can."""
    return None if find_spec("apprise") else _MISSING


def check(address: str) -> str:
    """The address itself; ValueError when Apprise is missing, or its service is none of a vendor's own."""
    if not _SCHEMA.match(address) or len(address) > 2000 or any(ord(one) <= 32 or ord(one) == 127 for one in address):
        raise ValueError("an Apprise address such as 'tgram://BOT_TOKEN/CHAT_ID'")
    reason = missing()
    if reason is not None:
        raise ValueError(f"another channel: {reason}")
    from opscopilot.adapters.channels import _apprise_services as services

    services.service(address)
    return address


def _destination(address: str) -> str:
    found = _SCHEMA.match(address)
    return found.group().lower() if found else "apprise"


def _build(_here: Installation) -> Channel:
    return Apprise()


KIND = ChannelKind(
    code="apprise", title="Apprise", about="Telegram, Discord, PagerDuty and a hundred other services at their vendors' own servers.",
    address_field="apprise_url", address_example="tgram://123456789:AAExampleToken/987654321", check=check,
    destination=_destination, build=_build, missing=missing,
)  # fmt: skip
