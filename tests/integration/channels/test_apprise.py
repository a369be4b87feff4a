"""Apprise: which services may be written to, what it says when it is missing, and one real exchange."""

from __future__ import annotations

import importlib.util
import re

import apprise
import pytest

from opscopilot.adapters.channels import KINDS, _apprise_services
from opscopilot.adapters.channels.apprise import Apprise
from opscopilot.notifications.channels import Action
from tests.integration.channels.conftest import failure, message
from tests.support.servers.receivers import Receiver

TELEGRAM = "tgram://123456789:abcdefg_hijklmnop/12315544/"
KIND = KINDS["apprise"]
LOCAL = (
    "json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "syslog", "rsyslog", "dbus", "qt", "kde",
    "gnome", "glib", "gio", "macosx", "windows", "blink1", "aprs", "mqtt", "mqtts", "smpp", "xmpp", "growl", "kodi",
    "matrix", "matrixs", "ntfy", "ntfys", "gotify", "gotifys", "rocket", "mmost", "nctalk", "synology", "apprise",
    "apprises", "hassio", "signal", "bark", "irc", "amqp", "mastodon", "zulip", "bluesky", "nostr", "vapid", "fcm",
    "infobip", "workflow", "workflows", "ryver", "lametric",
)  # fmt: skip


@pytest.mark.parametrize("schema", LOCAL)
def test_servers_of_anybodys_own_are_refused(schema: str) -> None:
    assert schema not in _apprise_services.allowed()
    with pytest.raises(ValueError, match="fixed by its vendor"):
        KIND.check(f"{schema}://10.0.0.1/abc")


def test_the_rule_leaves_the_vendors_own() -> None:
    allowed = _apprise_services.allowed()
    assert {"tgram", "discord", "pagerduty", "opsgenie", "pover", "webex", "twilio"} <= set(allowed)
    assert len(allowed) > 100
    for plugin in allowed.values():
        assert not plugin.protocol
        assert not any(re.search(r"\{(host|port|path|url|domain)\}", one) for one in plugin.templates)


@pytest.mark.parametrize(("address", "hint"), [
    ("https://discord.com/api/webhooks/1/2", "fixed by its vendor"), ("file:///etc/passwd", "fixed by its vendor"),
    ("tgram://x", re.escape("of the form tgram://{bot_token}")), ("no address", "an Apprise address such as"),
    (TELEGRAM + "?redirect=yes", "without the parameter 'redirect'"), (TELEGRAM + "?retry=9", "'retry'"),
    (TELEGRAM + "?verify=no", "'verify'"), (TELEGRAM + "?+X-Header=1", "'x-header'"), (TELEGRAM + "?host=a", "'host'"),
    ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?template=/etc/passwd", "'template'"),
])  # fmt: skip
def test_addresses_that_would_do_something_else_are_refused(address: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        KIND.check(address)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opscopilot.adapters.channels.apprise.find_spec", lambda _name: None)
    assert KIND.missing() is not None
    with pytest.raises(ValueError, match="Apprise is not installed here"):
        KIND.check(TELEGRAM)
    error = failure(lambda: Apprise().send(message(TELEGRAM)))
    assert (error.retryable, error.blames) == (False, "us")
    assert "not installed" in error.detail
    assert importlib.util.find_spec("apprise") is not None


@pytest.fixture
def telegram(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """Telegram's server, played by one of ours."""
    plugin = _apprise_services.allowed()["tgram"]
    monkeypatch.setattr(plugin, "notify_url", receiver.url("/bot"))
    receiver.headers, receiver.body = {"Content-Type": "application/json"}, b'{"ok": true, "result": []}'
    return receiver


def test_a_message_goes_out_with_its_links(telegram: Receiver) -> None:
    given = message(TELEGRAM, text="3 days left.", actions=(Action("Acknowledge", "https://ops.example/l/1"),))
    assert not Apprise().send(given).delivered
    assert b"3 days left." in telegram.got[-1]["body"]
    assert b"https://ops.example/l/1" in telegram.got[-1]["body"]


@pytest.mark.parametrize(("status", "retryable", "blames"), [
    (401, False, "address"), (403, False, "address"), (429, True, "destination"), (500, True, "destination"),
])  # fmt: skip
def test_a_service_that_says_no(telegram: Receiver, status: int, retryable: bool, blames: str) -> None:
    telegram.status = status
    error = failure(lambda: Apprise().send(message(TELEGRAM)))
    assert (error.retryable, error.blames) == (retryable, blames)
    assert error.detail.startswith("tgram did not take it: ")
    assert "abcdefg" not in error.detail


def test_nothing_of_apprises_is_logged_twice_or_kept_on_disk() -> None:
    service = _apprise_services.service(TELEGRAM)
    assert service.asset.storage_mode == apprise.PersistentStoreMode.MEMORY
    assert service.asset.http_redirects is False
    assert service.redirects is False
