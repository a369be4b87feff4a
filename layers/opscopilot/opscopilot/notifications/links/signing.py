"""A link's token: what it allows, signed with HMAC-SHA256, as short as it can be (about 120 characters).

    version 1 · action 1 · key id 4 · expiry 4 · tenant 16 · alert 16 · link id 16 · user 1+n · signature 16

in base64url without padding. The signature covers everything before it and is compared in constant time before
anything else is believed. 16 of its 32 bytes travel (RFC 2104, section 5): 2^128 guesses are out of reach.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from opscopilot.notifications.links.keys import Key, KeyRing

LinkAction = Literal["acknowledge", "snooze"]
ACTIONS: tuple[LinkAction, ...] = LinkAction.__args__  # type: ignore[attr-defined]
LIFETIME = timedelta(hours=72)
PATH = "/api/v1/notify/act/"
MAX_TOKEN = 1300
"""A user id may have 200 characters of up to four bytes each."""

_VERSION = 1
_HEAD = struct.Struct(">BB4sI16s16s16s")
_SIGNATURE = 16
_PURPOSE = b"opscopilot one-time link\0"
_AS_UUID, _AS_TEXT = b"\0", b"\1"


class NotALink(Exception):
    """Cut off, changed, made up, or signed with a key that is no longer valid. Says no more than that."""


@dataclass(frozen=True, slots=True)
class Link:
    """What the holder of a link may do, until `expires_at`, once (`link_id`)."""

    tenant_id: UUID
    alert_id: UUID
    user_id: str
    action: LinkAction
    expires_at: datetime
    link_id: UUID

    def expired(self, now: datetime) -> bool:
        """A link works up to, not at, its expiry."""
        return now >= self.expires_at


class Signer:
    """Makes and reads links with the keys of a ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def link(
        self, base_url: str, tenant_id: UUID, alert_id: UUID, user_id: str, action: LinkAction, expires_at: datetime,
        link_id: UUID | None = None,
    ) -> str:  # fmt: skip
        """The address that allows this. `link_id` is random unless given; NoLinkKey when there is nothing to sign with."""
        made = Link(tenant_id, alert_id, user_id, action, expires_at, link_id or uuid4())
        return base_url.rstrip("/") + PATH + self.token(made)

    def token(self, link: Link) -> str:
        """The link as text."""
        key = self._ring.current()
        body = _HEAD.pack(
            _VERSION, ACTIONS.index(link.action), key.id, int(link.expires_at.timestamp()), link.tenant_id.bytes,
            link.alert_id.bytes, link.link_id.bytes,
        ) + _user_bytes(link.user_id)  # fmt: skip
        return _text(body + _signature(key, body))

    def steady_id(self, *parts: str) -> UUID:
        """A link id nobody can foresee that is the same for the same `parts`: a repeated message carries the same links."""
        said = b"link id\0" + "\x1f".join(parts).encode()
        return UUID(bytes=hmac.new(self._ring.current().secret, said, hashlib.sha256).digest()[:16], version=4)

    def read(self, token: str) -> Link:
        """What `token` allows, expired or not; NotALink for anything this ring did not sign."""
        raw = _bytes(token)
        if len(raw) < _HEAD.size + 1 + _SIGNATURE or raw[0] != _VERSION:
            raise NotALink
        body, given = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
        _, action, key_id, expiry, tenant, alert, link_id = _HEAD.unpack_from(body)
        key = self._ring.find(key_id)
        if key is None or not hmac.compare_digest(given, _signature(key, body)) or action >= len(ACTIONS):
            raise NotALink
        return Link(
            UUID(bytes=tenant), UUID(bytes=alert), _user(body[_HEAD.size :]), ACTIONS[action],
            datetime.fromtimestamp(expiry, UTC), UUID(bytes=link_id),
        )  # fmt: skip


def _signature(key: Key, body: bytes) -> bytes:
    return hmac.new(key.secret, _PURPOSE + body, hashlib.sha256).digest()[:_SIGNATURE]


def _user_bytes(user_id: str) -> bytes:
    try:
        found = UUID(user_id)
    except ValueError:
        found = None
    return _AS_UUID + found.bytes if found and str(found) == user_id else _AS_TEXT + user_id.encode()


def _user(raw: bytes) -> str:
    return str(UUID(bytes=raw[1:])) if raw[:1] == _AS_UUID else raw[1:].decode()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(token: str) -> bytes:
    """Only the one spelling we write: base64 would read several as the same bytes."""
    if len(token) > MAX_TOKEN:
        raise NotALink
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise NotALink from None
    if _text(raw) != token:
        raise NotALink
    return raw
