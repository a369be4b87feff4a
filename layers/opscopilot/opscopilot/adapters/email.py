"""Mail through Amazon SES (API v2)."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from opscopilot.notifications.channels import DeliveryFailed, Message, Receipt

# SES will answer the same however often it is asked.
_HOPELESS = frozenset({"BadRequestException", "MessageRejected", "NotFoundException"})


class SesEmail:
    """The channel `email`. One attempt per call: retrying is the notifier's business, on one level only."""

    def __init__(self, sender: str, region: str) -> None:
        self._sender = sender
        limits = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})
        self._client: Any = boto3.client("sesv2", region_name=region, config=limits)

    def send(self, message: Message) -> Receipt:
        """Hand the mail to SES. SES taking it is `sent`; whether a mailbox took it comes later, from SES."""
        body = {"Text": {"Data": message.text, "Charset": "UTF-8"}}
        if message.html is not None:
            body["Html"] = {"Data": message.html, "Charset": "UTF-8"}
        try:
            answer = self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [message.to]},
                Content={
                    "Simple": {
                        "Subject": {"Data": message.subject, "Charset": "UTF-8"},
                        "Body": body,
                        "Headers": [
                            {"Name": "X-OpsCopilot-Notification", "Value": str(message.id)},
                            {"Name": "Auto-Submitted", "Value": "auto-generated"},
                        ],
                    }
                },
            )
        except ClientError as error:
            code = error.response["Error"].get("Code", "")
            detail = f"SES refused the mail: {code}: {error.response['Error'].get('Message', '')}"
            raise DeliveryFailed(detail, retryable=code not in _HOPELESS) from error
        except BotoCoreError as error:
            raise DeliveryFailed(f"SES did not answer: {type(error).__name__}", retryable=True) from error
        return Receipt(provider_id=answer["MessageId"])
