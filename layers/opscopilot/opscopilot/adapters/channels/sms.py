"""The channel `sms`: one line through Amazon SNS."""

from __future__ import annotations

import re
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
from opscopilot.notifications.wording.sms import cut, plain

_HOPELESS: dict[str, Blames] = {
    "InvalidParameter": "address", "InvalidParameterValue": "address", "OptedOut": "address",
    "OptedOutException": "address", "ValidationException": "address", "AuthorizationError": "us",
}  # fmt: skip
_TYPE = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}


class SnsSms:
    """One attempt per call."""

    def __init__(self, region: str) -> None:
        import boto3
        from botocore.config import Config

        limits = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1}, max_pool_connections=16)
        self._client: Any = boto3.client("sns", region_name=region, config=limits)

    def send(self, message: Message) -> Receipt:
        """Hand the text to SNS; the carrier's word is not waited for."""
        from botocore.exceptions import BotoCoreError, ClientError

        attributes = dict(_TYPE)
        if message.config.settings.get("sender_id"):
            name = str(message.config.settings["sender_id"])
            attributes["AWS.SNS.SMS.SenderID"] = {"DataType": "String", "StringValue": name}
        text = cut(plain(message.text))  # worded to fit; this is for what a template made longer
        try:
            answer = self._client.publish(PhoneNumber=message.to, Message=text, MessageAttributes=attributes)
        except ClientError as error:
            code = error.response["Error"].get("Code", "")
            raise DeliveryFailed(
                f"SNS refused the text: {code}", retryable=code not in _HOPELESS,
                blames=_HOPELESS.get(code, "destination"),
            ) from error  # fmt: skip
        except BotoCoreError as error:
            raise DeliveryFailed(f"SNS did not answer: {type(error).__name__}", retryable=True) from error
        return Receipt(provider_id=answer["MessageId"])


def check(address: str) -> str:
    """The number in E.164; ValueError when it is none."""
    compact = re.sub(r"[ ()./-]", "", address)
    if not re.fullmatch(r"\+[1-9]\d{6,14}", compact):
        raise ValueError("a phone number with its country code (E.164) such as '+4915112345678'")
    return compact


def _destination(_address: str) -> str:
    return "sns"


def _build(here: Installation) -> SnsSms:
    return SnsSms(here.region)


KIND = ChannelKind(
    code="sms", title="SMS", about="A text message of one line through Amazon SNS.",
    address_field="phone", address_example="+4915112345678", check=check, destination=_destination, build=_build,
    settings=(Setting("sender_id", "Sender shown where a country allows it", r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}", "FjordFoods"),),
)  # fmt: skip
