"""Channels are found by looking into their package; each says enough of itself for everything else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from opscopilot.adapters import channels
from opscopilot.adapters.channels import KINDS
from opscopilot.entrypoints.channels import installation
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.settings import NotifySettings
from opscopilot.notifications.channels import Installation, all_known, known

PIGEON = """
from dataclasses import dataclass
from opscopilot.notifications.channels import ChannelKind, Receipt


@dataclass
class Pigeon:
    loft: str

    def send(self, message):
        return Receipt(provider_id=f"{self.loft}/{message.to}")


KIND = ChannelKind(
    code="pigeon", title="Pigeon", about="Slow, but needs no network.", address_field="loft", address_example="north",
    check=str.lower, destination=lambda _: "sky", build=lambda here: Pigeon(here.region),
)
"""


@pytest.fixture
def here() -> Installation:
    settings = NotifySettings(
        stage="local", db_host="h", db_user="u", db_auth="trust", event_bus_name="b", email_sender="a@b.example"
    )
    return installation(settings, SystemClock())


def test_the_channels_that_ship() -> None:
    assert list(KINDS) == ["apprise", "email", "slack", "sms", "webhook"]
    assert [code for code, kind in KINDS.items() if not kind.for_people] == ["webhook"]
    assert [code for code, kind in KINDS.items() if kind.address_secret] == ["webhook"]


def test_a_new_channel_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Installation) -> None:
    (tmp_path / "pigeon.py").write_text(PIGEON)
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    found = channels.find()
    del sys.modules["opscopilot.adapters.channels.pigeon"]
    assert list(found) == ["apprise", "email", "pigeon", "slack", "sms", "webhook"]
    assert known(found, "pigeon").check("NORTH") == "north"
    assert found["pigeon"].build(here) is not None


@pytest.mark.parametrize(("text", "error"), [
    ("X = 1", TypeError), (PIGEON.replace('code="pigeon"', 'code="sms"'), ValueError),
])  # fmt: skip
def test_a_file_that_is_no_channel_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, error: type[Exception]
) -> None:
    (tmp_path / "zz_broken.py").write_text(text)
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    with pytest.raises(error):
        channels.find()
    del sys.modules["opscopilot.adapters.channels.zz_broken"]


@pytest.mark.parametrize("code", list(KINDS))
def test_each_takes_its_own_example(code: str) -> None:
    kind = KINDS[code]
    assert kind.check(kind.address_example) == kind.address_example
    assert "secret" not in kind.destination(kind.address_example)
    assert kind.destination(kind.address_example) in (
        "erp.example.com", "ses", "sns", "hooks.slack.com", "tgram",
    )  # fmt: skip


@pytest.mark.parametrize(("code", "address", "hint"), [
    ("email", "anna", "anna@fjord-foods.example"), ("email", "a@b", "anna@"), ("sms", "0151 123", "country code"),
    ("webhook", "http://hooks.example/x", "https"), ("webhook", "https://u:p@hooks.example/", "without user name"),
    ("webhook", "https://hooks.example/" + "x" * 2000, "https"), ("slack", "general", "C0123456789"),
    ("slack", "ftp://x", "hooks.slack.com"),
])  # fmt: skip
def test_addresses_that_cannot_be_are_refused_with_what_would_be_right(code: str, address: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        KINDS[code].check(address)


@pytest.mark.parametrize(("code", "address", "normal", "destination"), [
    ("sms", "+49 (151) 123-456 78", "+4915112345678", "sns"), ("slack", "U0123456789", "U0123456789", "slack.com"),
    ("slack", "#linie-2", "#linie-2", "slack.com"), ("webhook", "https://a.example:8443/x", None, "a.example:8443"),
    ("webhook", "http://127.0.0.1:9/x", None, "127.0.0.1:9"),
])  # fmt: skip
def test_addresses_have_a_normal_form_and_a_destination(
    code: str, address: str, normal: str | None, destination: str
) -> None:
    assert KINDS[code].check(address) == (normal or address)
    assert KINDS[code].destination(address) == destination


def test_an_unknown_channel_is_named_with_those_there_are() -> None:
    assert all_known(KINDS, ["sms", "email", "sms"], "enabled_channels") == ("sms", "email")
    with pytest.raises(ValidationFailed) as refused:
        all_known(KINDS, ["email", "fax"], "enabled_channels")
    error = refused.value
    assert (error.field, error.value) == ("enabled_channels", "fax")
    assert error.expected == "one of apprise, email, slack, sms, webhook"
