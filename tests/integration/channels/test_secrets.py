"""Channels' secrets: read once a minute, at once when asked for, gone when they are gone."""

from __future__ import annotations

from opscopilot.adapters.channels._secrets import KEPT_S, ChannelSecrets
from tests.support.outside import MemorySecrets

NAME = "opscopilot/fjord/channels/slack"


def test_a_secret_is_read_once_a_minute() -> None:
    store, now = MemorySecrets({NAME: {"bot_token": "old"}}), [100.0]
    secrets = ChannelSecrets(store, monotonic=lambda: now[0])
    assert secrets.get(NAME) == {"bot_token": "old"}
    store.kept[NAME] = {"bot_token": "new"}
    assert secrets.get(NAME) == {"bot_token": "old"}
    assert secrets.get(NAME, fresh=True) == {"bot_token": "new"}
    store.kept[NAME] = {"bot_token": "newer"}
    now[0] += KEPT_S
    assert secrets.get(NAME) == {"bot_token": "newer"}


def test_a_secret_that_is_gone_is_empty_and_one_that_is_put_is_known() -> None:
    secrets = ChannelSecrets(MemorySecrets())
    assert secrets.get(NAME) == {}
    secrets.put(NAME, {"bot_token": "t"})
    assert secrets.get(NAME) == {"bot_token": "t"}
