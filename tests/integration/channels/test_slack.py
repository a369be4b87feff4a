"""Slack by incoming webhook and as a bot, against a server that answers as Slack does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from opscopilot.adapters.channels._web import OutboundWeb
from opscopilot.adapters.channels.slack import Slack
from opscopilot.notifications.channels import Action, ChannelConfig, DeliveryFailed, Fact
from tests.integration.channels.conftest import failure, message
from tests.support.servers.receivers import Receiver

BOT = ChannelConfig(secret_ref="opscopilot/fjord/channels/slack")


@dataclass
class Secrets:
    """One secret; `fresh` is what it was changed to a moment ago."""

    kept: dict[str, str] = field(default_factory=lambda: {"bot_token": "xoxb-old"})
    fresh: dict[str, str] | None = None

    def get(self, ref: str, *, fresh: bool = False) -> dict[str, str]:
        assert ref == BOT.secret_ref
        return self.fresh if fresh and self.fresh is not None else self.kept

    def put(self, ref: str, fields: Any) -> None:
        raise AssertionError


def hook(web: OutboundWeb) -> Slack:
    return Slack(web, Secrets)


def sent(receiver: Receiver, index: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(receiver.got[index]["body"])
    return found


def test_a_message_has_header_text_figures_and_buttons(receiver: Receiver, web: OutboundWeb) -> None:
    given = message(
        receiver.url(), subject="[CRITICAL] Flour runs out", text="3 days left.\nSee https://ops.example/a?x=1&y=2.",
        facts=(Fact("At stake", "EUR 12,500.00"), Fact("Deadline", "Fri <12> Jan")),
        actions=(Action("Acknowledge", "https://ops.example/l/1"), Action("Snooze 4 h", "https://ops.example/l/2")),
    )  # fmt: skip
    assert hook(web).send(given).delivered
    body = sent(receiver)
    assert body["text"] == "[CRITICAL] Flour runs out"
    assert [one["type"] for one in body["blocks"]] == ["header", "section", "section", "actions"]
    header, text, figures, buttons = body["blocks"]
    assert header["text"] == {"type": "plain_text", "text": "[CRITICAL] Flour runs out", "emoji": False}
    assert text["text"]["text"] == "3 days left.\nSee <https://ops.example/a?x=1&amp;y=2>."
    assert [one["text"] for one in figures["fields"]] == ["*At stake*\nEUR 12,500.00", "*Deadline*\nFri &lt;12&gt; Jan"]
    assert [(one["text"]["text"], one["url"]) for one in buttons["elements"]] == [
        ("Acknowledge", "https://ops.example/l/1"), ("Snooze 4 h", "https://ops.example/l/2"),
    ]  # fmt: skip
    assert len({one["action_id"] for one in buttons["elements"]}) == 2


def test_p64_text_cannot_mention_or_hide_links(receiver: Receiver, web: OutboundWeb) -> None:
    hook(web).send(message(receiver.url(), text="<!channel> @here <https://evil.example|harmless> a & b"))
    shown = sent(receiver)["blocks"][1]["text"]
    assert shown["text"] == "&lt;!channel&gt; @here &lt;<https://evil.example>|harmless&gt; a &amp; b"
    assert shown["verbatim"] is True


def test_slacks_limits_are_kept(receiver: Receiver, web: OutboundWeb) -> None:
    given = message(
        receiver.url(), subject="<" * 400, text="\n".join(["&" * 90] * 100),
        facts=tuple(Fact("a", "<" * 3000) for _ in range(20)),
        actions=tuple(Action("b" * 100, f"https://ops.example/{n}") for n in range(9)),
    )  # fmt: skip
    hook(web).send(given)
    blocks = sent(receiver)["blocks"]
    sections = [one["text"]["text"] for one in blocks if one["type"] == "section" and "text" in one]
    assert len(blocks[0]["text"]["text"]) == 150
    assert len(sections) == 10
    assert all(len(one) <= 3000 and not one.endswith(("&", "&a", "&am", "&amp")) for one in sections)
    fields = next(one["fields"] for one in blocks if "fields" in one)
    assert len(fields) == 10
    assert all(len(one["text"]) <= 2000 and "&lt…" not in one["text"] for one in fields)
    assert len(blocks[-1]["elements"]) == 5
    assert all(len(one["text"]["text"]) <= 75 for one in blocks[-1]["elements"])


@pytest.mark.parametrize(("status", "said", "retryable", "blames"), [
    (404, b"no_service", False, "address"), (410, b"channel_is_archived", False, "address"),
    (403, b"action_prohibited", False, "address"), (400, b"invalid_blocks", False, "message"),
    (500, b"rollup_error", True, "destination"), (400, b"<html>", False, "destination"),
])  # fmt: skip
def test_a_webhook_says_no(
    receiver: Receiver, web: OutboundWeb, status: int, said: bytes, retryable: bool, blames: str
) -> None:
    receiver.status, receiver.body = status, said
    error = failure(lambda: hook(web).send(message(receiver.url("/services/T/B/secret"))))
    assert (error.retryable, error.blames) == (retryable, blames)
    assert "secret" not in error.detail


def bot(receiver: Receiver, web: OutboundWeb, secrets: Secrets | None = None) -> Slack:
    kept = secrets or Secrets()
    return Slack(web, lambda: kept, api=receiver.url("/api/chat.postMessage"))


def to_channel(**given: Any) -> Any:
    return message("C0123456789", config=BOT, **given)


def test_a_bot_posts_to_a_channel(receiver: Receiver, web: OutboundWeb) -> None:
    receiver.body = b'{"ok": true, "channel": "C0123456789", "ts": "1503435956.000247"}'
    receipt = bot(receiver, web).send(to_channel())
    assert (receipt.provider_id, receipt.delivered) == ("C0123456789:1503435956.000247", True)
    assert receiver.got[0]["headers"]["Authorization"] == "Bearer xoxb-old"
    assert sent(receiver)["channel"] == "C0123456789"


@pytest.mark.parametrize(("word", "retryable", "blames"), [
    ("channel_not_found", False, "address"), ("not_in_channel", False, "address"), ("is_archived", False, "address"),
    ("invalid_auth", False, "us"), ("token_revoked", False, "us"), ("missing_scope", False, "us"),
    ("msg_too_long", False, "message"), ("invalid_blocks", False, "message"),
    ("ratelimited", True, "destination"), ("internal_error", True, "destination"), ("something_new", False, "address"),
])  # fmt: skip
def test_ok_false_is_a_failure(receiver: Receiver, web: OutboundWeb, word: str, retryable: bool, blames: str) -> None:
    receiver.body = json.dumps({"ok": False, "error": word}).encode()
    error = failure(lambda: bot(receiver, web).send(to_channel()))
    assert (error.retryable, error.blames) == (retryable, blames)
    assert word in error.detail
    assert "xoxb" not in error.detail


def test_slacks_pause_is_kept(receiver: Receiver, web: OutboundWeb) -> None:
    receiver.status, receiver.headers, receiver.body = 429, {"Retry-After": "30"}, b'{"ok":false,"error":"ratelimited"}'
    error = failure(lambda: bot(receiver, web).send(to_channel()))
    assert (error.retryable, error.retry_after_s) == (True, 30)


def test_a_renewed_token_is_used_at_once(receiver: Receiver, web: OutboundWeb) -> None:
    receiver.answers = [(200, b'{"ok": false, "error": "token_revoked"}'), (200, b'{"ok": true, "ts": "1"}')]
    assert bot(receiver, web, Secrets(fresh={"bot_token": "xoxb-new"})).send(to_channel()).delivered
    assert [one["headers"]["Authorization"] for one in receiver.got] == ["Bearer xoxb-old", "Bearer xoxb-new"]


@pytest.mark.parametrize("config", [ChannelConfig(), BOT])
def test_without_a_token_it_says_what_to_do(receiver: Receiver, web: OutboundWeb, config: ChannelConfig) -> None:
    channel = bot(receiver, web, Secrets(kept={}))
    with pytest.raises(DeliveryFailed, match="an admin sets it with PUT /api/v1/notify/channels/slack") as error:
        channel.send(message("C0123456789", config=config))
    assert (error.value.retryable, error.value.blames) == (False, "us")
    assert receiver.got == []
