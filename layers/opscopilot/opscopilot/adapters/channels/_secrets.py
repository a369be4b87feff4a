"""Tenants' secrets of channels, read from the secret store once a minute instead of once a message."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Protocol

from opscopilot.adapters.secrets import SecretsManagerStore
from opscopilot.notifications.channels import SecretStore
from opscopilot.staging.connectors.secrets import SecretMissing

KEPT_S = 60.0


class _Store(Protocol):
    def get(self, ref: str) -> dict[str, str]: ...

    def put(self, ref: str, fields: Mapping[str, str]) -> None: ...


class ChannelSecrets:
    """Implements notifications.channels.SecretStore; used by all threads."""

    def __init__(self, store: _Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._read: dict[str, tuple[float, dict[str, str]]] = {}
        self._lock = threading.Lock()

    def get(self, ref: str, *, fresh: bool = False) -> dict[str, str]:
        """The fields; empty when the secret is gone."""
        now = self._monotonic()
        with self._lock:
            known = self._read.get(ref)
        if known is not None and not fresh and now - known[0] < KEPT_S:
            return known[1]
        try:
            found = self._store.get(ref)
        except SecretMissing:
            found = {}
        with self._lock:
            self._read[ref] = now, found
        return found

    def put(self, ref: str, fields: Mapping[str, str]) -> None:
        """Make or replace it."""
        self._store.put(ref, fields)
        with self._lock:
            self._read.pop(ref, None)


def opener(region: str) -> Callable[[], SecretStore]:
    """Makes the one ChannelSecrets of this process when it is first asked for."""

    @cache
    def secrets() -> SecretStore:
        import boto3

        return ChannelSecrets(
            SecretsManagerStore(boto3.client("secretsmanager", region_name=region), "OpsCopilot: a channel's secret")
        )

    return secrets
