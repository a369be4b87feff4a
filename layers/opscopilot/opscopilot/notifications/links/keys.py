"""The key links are signed with. Two are valid while one replaces the other; each is named by an id made from itself."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

MIN_SECRET_LENGTH = 32
_KEEP_S = 300.0
_RETRY_S = 10.0


class NoLinkKey(Exception):
    """The secret with the key is missing, unreadable, or holds no key."""


@dataclass(frozen=True, slots=True)
class Key:
    """A signing key and the id by which a link names it."""

    id: bytes
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id.hex()})"

    @classmethod
    def of(cls, secret: str) -> Key:
        """The key in `secret`; NoLinkKey when that is too short to be one."""
        raw = secret.strip().encode()
        if len(raw) < MIN_SECRET_LENGTH:
            raise NoLinkKey(f"a link key needs {MIN_SECRET_LENGTH} characters or more, this one has {len(raw)}")
        return cls(hashlib.sha256(b"opscopilot link key\0" + raw).digest()[:4], raw)


def read_keys(text: str) -> list[Key]:
    """The keys in the secret's text, the one that signs first: `{"current": "…", "previous": "…"}` or one plain text."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return [Key.of(text)]
    previous = [Key.of(str(found["previous"]))] if found.get("previous") else []
    return [Key.of(str(found.get("current") or "")), *previous]


class KeyRing:
    """The keys, read when first needed, every five minutes, and when a link names one that is new to us."""

    def __init__(self, read: Callable[[], str], now: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._now = now
        self._keys: list[Key] = []
        self._read_at = self._tried_at = float("-inf")
        self._lock = threading.Lock()

    def current(self) -> Key:
        """The key that signs; NoLinkKey when there is none."""
        with self._lock:
            self._refresh(_KEEP_S)
            return self._keys[0]

    def find(self, key_id: bytes) -> Key | None:
        """The key of that id, or None. Somebody who makes ids up cannot make us read the secret all the time."""
        with self._lock:
            self._refresh(_KEEP_S)
            if all(one.id != key_id for one in self._keys):
                self._refresh(_RETRY_S)
            return next((one for one in self._keys if one.id == key_id), None)

    def _refresh(self, older_than_s: float) -> None:
        now = self._now()
        if self._keys and (now - self._read_at < older_than_s or now - self._tried_at < _RETRY_S):
            return
        self._tried_at = now
        try:
            self._keys, self._read_at = read_keys(self._read()), now
        except Exception as error:
            if not self._keys:
                raise NoLinkKey("the key for links cannot be read") from error
            log.exception("the key for links cannot be read again; the known one stays")
