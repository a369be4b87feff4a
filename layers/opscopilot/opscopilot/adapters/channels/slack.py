"""The channel `slack`: an incoming webhook's address, or a channel's or person's id together with a bot's token."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opscopilot.adapters.channels import _slack_blocks as blocks
from opscopilot.adapters.channels._web import check_url, host_of, judge
from opscopilot.notifications.channels import (
    Answer,
    Blames,
    ChannelKind,
    DeliveryFailed,
    Installation,
    Message,
    Receipt,
    SecretStore,
    Setting,
    Web,
)

API = "https://slack.com/api/chat.postMessage"
_ID = re.compile(r"[CDGUW][A-Z0-9]{7,20}|#[a-z0-9_\-\u00c0-\uffff]{1,79}")
_JSON = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "OpsCopilot/1"}
_AGAIN = frozenset({
    "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
    "team_added_to_org", "accesslimited",
})  # fmt: skip
_TOKEN = frozenset({
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
    "not_allowed_token_type", "no_permission", "org_login_required", "ekm_access_denied", "team_access_not_granted",
})  # fmt: skip
_MESSAGE = frozenset({
    "msg_too_long", "no_text", "invalid_blocks", "invalid_blocks_format", "too_many_attachments", "invalid_payload",
    "msg_blocks_too_long", "invalid_arguments", "invalid_json", "json_not_object",
})  # fmt: skip


@dataclass(frozen=True)
class Slack:
    """Both ways in: the address says which. `secrets` is asked for the tenant's bot token."""

    web: Web
    secrets: Callable[[], SecretStore]
    api: str = API

    def send(self, message: Message) -> Receipt:
        """POST a header, the text, its figures and its buttons; `text` is what a phone shows."""
        body = blocks.body(message)
        if "://" in message.to:
            answer = self.web.post(message.to, _json(body), _JSON)
            _judge_hook(message.to, answer)
            return Receipt(delivered=True)
        return self._as_bot(message, {"channel": message.to, **body})

    def _as_bot(self, message: Message, body: dict[str, Any]) -> Receipt:
        token = self._token(message)
        said = self._call(token, body)
        if said.get("error") in _TOKEN:  # an admin may have renewed it a moment ago
            renewed = self._token(message, fresh=True)
            said = self._call(renewed, body) if renewed != token else said
        if said.get("ok") is not True:
            raise _refused(str(said.get("error", "unknown_error")), message.to)
        return Receipt(provider_id=f"{said.get('channel', message.to)}:{said.get('ts', '')}", delivered=True)

    def _token(self, message: Message, *, fresh: bool = False) -> str:
        ref = message.config.secret_ref
        token = self.secrets().get(ref, fresh=fresh).get("bot_token") if ref else None
        if not token:
            raise DeliveryFailed(
                f"{message.to} needs a bot token; an admin sets it with PUT /api/v1/notify/channels/slack.",
                retryable=False, blames="us",
            )  # fmt: skip
        return token

    def _call(self, token: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.web.post(self.api, _json(body), {**_JSON, "Authorization": f"Bearer {token}"})
        judge(self.api, answer)
        try:
            found = json.loads(answer.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise DeliveryFailed(f"{host_of(self.api)} answered something that is not Slack's.", retryable=True)
        return found


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _judge_hook(url: str, answer: Answer) -> None:
    """A webhook says why it refuses in a word of plain text."""
    word = answer.body[:60].decode("utf-8", "replace").strip()
    if answer.status in (400, 403, 404, 410) and re.fullmatch(r"[a-z_]+", word):
        raise _refused(word, host_of(url))
    judge(url, answer)


def _refused(word: str, to: str) -> DeliveryFailed:
    if word in _AGAIN:
        return DeliveryFailed(f"Slack is busy: {word}.", retryable=True)
    if word in _TOKEN:
        detail = (
            f"Slack does not take the bot's token for {to}: {word}. Renew it with PUT /api/v1/notify/channels/slack."
        )
        return DeliveryFailed(detail, retryable=False, blames="us")
    blames: Blames = "message" if word in _MESSAGE else "address"
    return DeliveryFailed(f"Slack refused the message to {to}: {word}.", retryable=False, blames=blames)


def check(address: str) -> str:
    """A webhook's address, or the id of a channel or person; ValueError when it is neither."""
    if _ID.fullmatch(address):
        return address
    try:
        return check_url(address)
    except ValueError as error:
        raise ValueError(
            "a webhook such as 'https://hooks.slack.com/services/T000/B000/XXXX', or with a bot token the id of a "
            "channel or person such as 'C0123456789' or '#alerts'"
        ) from error


def _destination(address: str) -> str:
    return host_of(address) if "://" in address else "slack.com"


def _build(here: Installation) -> Slack:
    return Slack(here.web(), here.secrets)


KIND = ChannelKind(
    code="slack", title="Slack", about="A message with figures and buttons, by incoming webhook or as your bot.",
    address_field="slack_webhook", address_example="https://hooks.slack.com/services/T000/B000/XXXX", check=check,
    destination=_destination, build=_build,
    secrets=(Setting("bot_token", "Bot token with the scope chat:write", r"xox[a-z]-[A-Za-z0-9-]{10,250}", "xoxb-…"),),
)  # fmt: skip
