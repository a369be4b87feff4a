"""The channel `webhook`: the alert as signed JSON, for a machine. docs/webhooks.md says how a receiver checks it."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass

from opscopilot.adapters.channels._web import check_url, host_of, judge
from opscopilot.kernel.clock import Clock
from opscopilot.notifications.channels import ChannelKind, Installation, Message, Receipt, Web


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 of "<t>.<body>". The receiver computes the same, compares in
    constant time, and refuses a `t` more than five minutes old, so that a recorded call cannot be replayed."""
    mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"t={timestamp},v1={mac.hexdigest()}"


@dataclass(frozen=True)
class Webhook:
    """POSTs the machine-readable body, signed with the address's own secret."""

    web: Web
    clock: Clock

    def send(self, message: Message) -> Receipt:
        """POST it. A 2xx answer means the receiver has it, so the notification is delivered."""
        body = json.dumps(message.data, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "OpsCopilot-Webhook/1",
            "Idempotency-Key": str(message.id),
        }
        if message.secret:
            now = int(self.clock.now().timestamp())
            headers["X-OpsCopilot-Signature"] = signature(message.secret, now, body)
        judge(message.to, self.web.post(message.to, body, headers))
        return Receipt(delivered=True)


def _build(here: Installation) -> Webhook:
    return Webhook(here.web(), here.clock)


KIND = ChannelKind(
    code="webhook", title="Webhook", about="The alert as JSON to a system of yours, signed with HMAC-SHA256.",
    address_field="webhook_url", address_example="https://erp.example.com/opscopilot", check=check_url,
    destination=host_of, build=_build, for_people=False, address_secret=True,
)  # fmt: skip
