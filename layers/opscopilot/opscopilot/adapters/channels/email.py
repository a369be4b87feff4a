"""The channel `email`: mail through Amazon SES (API v2)."""

from __future__ import annotations

import re
from email.utils import formataddr
from typing import Any

from opscopilot.notifications.channels import (
    Blames,
    ChannelKind,
    DeliveryFailed,
    Installation,
    Message,
    Receipt,
    Setting,
)

_MAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)
# What SES says the same about however often it is asked, and whose doing it is.
_HOPELESS: dict[str, Blames] = {
    "BadRequestException": "message", "MessageRejected": "address", "NotFoundException": "us",
    "MailFromDomainNotVerifiedException": "us", "AccountSuspendedException": "us", "AccessDeniedException": "us",
}  # fmt: skip


class SesEmail:
    """One attempt per call: retrying is the notifier's business, on one level only."""

    def __init__(self, sender: str, region: str, configuration_set: str | None = None) -> None:
        import boto3
        from botocore.config import Config

        self._sender = sender
        self._set = configuration_set
        limits = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1}, max_pool_connections=16)
        self._client: Any = boto3.client("sesv2", region_name=region, config=limits)

    def send(self, message: Message) -> Receipt:
        """Hand the mail to SES. SES taking it is `sent`; whether a mailbox took it comes later, from SES."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._client.send_email(**self._request(message))
        except ClientError as error:
            code = error.response["Error"].get("Code", "")
            detail = f"SES refused the mail: {code}: {error.response['Error'].get('Message', '')}"
            retryable = code not in _HOPELESS
            raise DeliveryFailed(detail, retryable=retryable, blames=_HOPELESS.get(code, "destination")) from error
        except BotoCoreError as error:
            raise DeliveryFailed(f"SES did not answer: {type(error).__name__}", retryable=True) from error
        return Receipt(provider_id=answer["MessageId"])

    def _request(self, message: Message) -> dict[str, Any]:
        body = {"Text": _utf8(message.text)}
        if message.html is not None:
            body["Html"] = _utf8(message.html)
        headers = [
            {"Name": "X-OpsCopilot-Notification", "Value": str(message.id)},
            {"Name": "Auto-Submitted", "Value": "auto-generated"},
        ]
        settings = message.config.settings
        asked: dict[str, Any] = {
            "FromEmailAddress": formataddr((str(settings.get("sender_name", "")), self._sender)),
            "Destination": {"ToAddresses": [message.to]},
            "Content": {"Simple": {"Subject": _utf8(message.subject), "Body": body, "Headers": headers}},
            # SES gives them back with every bounce and complaint, which so finds its tenant and message.
            "EmailTags": [{"Name": "notification", "Value": str(message.id)}],
        }
        if message.tenant_id is not None:
            asked["EmailTags"].append({"Name": "tenant", "Value": str(message.tenant_id)})
        if settings.get("reply_to"):
            asked["ReplyToAddresses"] = [settings["reply_to"]]
        if self._set:
            asked["ConfigurationSetName"] = self._set
        return asked


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def check(address: str) -> str:
    """The address itself; ValueError when it is none."""
    if not _MAIL.fullmatch(address) or len(address) > 254:
        raise ValueError("an e-mail address such as 'anna@fjord-foods.example'")
    return address


def _destination(_address: str) -> str:
    return "ses"


def _build(here: Installation) -> SesEmail:
    return SesEmail(here.email_sender, here.region, here.email_configuration_set)


KIND = ChannelKind(
    code="email", title="E-mail", about="Mail in HTML and text through Amazon SES; bounces and complaints come back.",
    address_field="email", address_example="anna@fjord-foods.example", check=check, destination=_destination,
    build=_build,
    settings=(
        Setting("sender_name", "Name shown as sender", r"[^\x00-\x1f\x7f<>\"@]{1,60}", "Fjord Foods alerts"),
        Setting("reply_to", "Where answers go", _MAIL.pattern, "planning@fjord-foods.example"),
    ),
)  # fmt: skip
