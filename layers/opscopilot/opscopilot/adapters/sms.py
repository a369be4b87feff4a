"""Text messages through Amazon SNS."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from opscopilot.notifications.channels import DeliveryFailed, Message, Receipt

_HOPELESS = frozenset({"InvalidParameter", "InvalidParameterValue", "OptedOut", "ValidationException"})


class SnsSms:
    """The channel `sms`. One attempt per call."""

    def __init__(self, region: str) -> None:
        limits = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})
        self._client: Any = boto3.client("sns", region_name=region, config=limits)

    def send(self, message: Message) -> Receipt:
        """Hand the text to SNS; the carrier's word is not waited for."""
        kind = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
        try:
            answer = self._client.publish(PhoneNumber=message.to, Message=message.text, MessageAttributes=kind)
        except ClientError as error:
            code = error.response["Error"].get("Code", "")
            raise DeliveryFailed(f"SNS refused the text: {code}", retryable=code not in _HOPELESS) from error
        except BotoCoreError as error:
            raise DeliveryFailed(f"SNS did not answer: {type(error).__name__}", retryable=True) from error
        return Receipt(provider_id=answer["MessageId"])
