"""Seam ``SESBackend.sent_messages``, ``SNSBackend.sms_messages`` and ``Topic.sent_notifications``: what was sent.

moto keeps the messages without their time; these collections note it.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any

from moto.ses.models import SESBackend, ses_backends
from moto.sns.models import SNSBackend, sns_backends

from local.constants import ACCOUNT, REGION


class StampedList(list[Any]):
    """A list that remembers when each item was appended."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[datetime] = []

    def append(self, item: Any) -> None:
        """Append, noting the time."""
        self.times.append(datetime.now(UTC))
        super().append(item)


class StampedDict(OrderedDict[str, Any]):
    """A dict that remembers when each key was set."""

    def __init__(self) -> None:
        super().__init__()
        self.times: dict[str, datetime] = {}

    def __setitem__(self, key: str, value: Any) -> None:
        self.times[key] = datetime.now(UTC)
        super().__setitem__(key, value)


def install() -> None:
    """Give the backends of the running mock collections that note times; they go with the mock."""
    ses().sent_messages = StampedList()
    sns().sms_messages = StampedDict()
    for topic in sns().topics.values():
        topic.sent_notifications = StampedList()


def ses() -> SESBackend:
    """The backend that emails end in (SES version 2 uses it too)."""
    return ses_backends[ACCOUNT][REGION]


def sns() -> SNSBackend:
    """The backend of topics and text messages."""
    return sns_backends[ACCOUNT][REGION]
