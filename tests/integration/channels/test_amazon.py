"""Mail and text messages: what boto3 really sends, against a server that answers as SES and SNS do."""

from __future__ import annotations

import json
from email.header import decode_header, make_header
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest

from opscopilot.adapters.channels.email import SesEmail
from opscopilot.adapters.channels.sms import SnsSms
from opscopilot.notifications.channels import ChannelConfig
from opscopilot.notifications.wording.sms import segments
from tests.integration.channels.conftest import ID, failure, message
from tests.support.servers.receivers import Receiver

TENANT = UUID("0198c0de-0000-7000-8000-00000000000a")
PUBLISHED = b"<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>"


@pytest.fixture(autouse=True)
def endpoint(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": receiver.url(""), "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


def test_a_mail_is_html_and_text_with_tags_for_its_way_back(receiver: Receiver) -> None:
    receiver.body = b'{"MessageId": "ses-1"}'
    config = ChannelConfig(settings={"sender_name": "Frø & Søn, alerts", "reply_to": "plan@fjord.example"})
    channel = SesEmail("alerts@ops.example", "eu-west-1", "ops-feedback")
    given = message("anna@fjord.example", subject="Mehl fehlt", html="<p>t</p>", tenant_id=TENANT, config=config)
    receipt = channel.send(given)
    assert (receipt.provider_id, receipt.delivered) == ("ses-1", False)
    body: dict[str, Any] = json.loads(receiver.got[0]["body"])
    simple = body["Content"]["Simple"]
    assert simple["Subject"] == {"Data": "Mehl fehlt", "Charset": "UTF-8"}
    assert simple["Body"] == {
        "Text": {"Data": "t", "Charset": "UTF-8"}, "Html": {"Data": "<p>t</p>", "Charset": "UTF-8"},
    }  # fmt: skip
    assert {one["Name"]: one["Value"] for one in simple["Headers"]}["X-OpsCopilot-Notification"] == str(ID)
    assert body["ConfigurationSetName"] == "ops-feedback"
    assert {one["Name"]: one["Value"] for one in body["EmailTags"]} == {"notification": str(ID), "tenant": str(TENANT)}
    assert str(make_header(decode_header(body["FromEmailAddress"]))) == "Frø & Søn, alerts <alerts@ops.example>"
    assert body["FromEmailAddress"].isascii()
    assert body["ReplyToAddresses"] == ["plan@fjord.example"]


def test_a_mail_without_any_settings(receiver: Receiver) -> None:
    receiver.body = b'{"MessageId": "ses-1"}'
    SesEmail("alerts@ops.example", "eu-west-1").send(message("anna@fjord.example"))
    body = json.loads(receiver.got[0]["body"])
    assert body["FromEmailAddress"] == "alerts@ops.example"
    assert "ConfigurationSetName" not in body
    assert "Html" not in body["Content"]["Simple"]["Body"]


@pytest.mark.parametrize(("status", "code", "retryable", "blames"), [
    (400, "MessageRejected", False, "address"), (400, "BadRequestException", False, "message"),
    (404, "NotFoundException", False, "us"), (400, "AccountSuspendedException", False, "us"),
    (429, "TooManyRequestsException", True, "destination"), (400, "LimitExceededException", True, "destination"),
    (500, "InternalFailure", True, "destination"),
])  # fmt: skip
def test_ses_says_no(receiver: Receiver, status: int, code: str, retryable: bool, blames: str) -> None:
    receiver.status, receiver.headers, receiver.body = status, {"x-amzn-ErrorType": code}, b'{"message": "no"}'
    error = failure(lambda: SesEmail("a@b.example", "eu-west-1").send(message("anna@fjord.example")))
    assert (error.retryable, error.blames) == (retryable, blames)
    assert len(receiver.got) == 1, "one attempt: retrying is the notifier's business"


def published(receiver: Receiver) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(receiver.got[0]["body"].decode()).items()}


def test_a_text_message_is_one_transactional_line(receiver: Receiver) -> None:
    receiver.body = PUBLISHED
    given = message(
        "+4915112345678", text="Mehl fehlt –\nseit „heute“…", config=ChannelConfig(settings={"sender_id": "Fjord"})
    )
    assert SnsSms("eu-west-1").send(given).provider_id == "m-1"
    got = published(receiver)
    assert (got["PhoneNumber"], got["Message"]) == ("+4915112345678", 'Mehl fehlt - seit "heute"...')
    values = {
        got[f"MessageAttributes.entry.{n}.Name"]: got[f"MessageAttributes.entry.{n}.Value.StringValue"] for n in (1, 2)
    }
    assert values == {"AWS.SNS.SMS.SMSType": "Transactional", "AWS.SNS.SMS.SenderID": "Fjord"}


@pytest.mark.parametrize("text", ["x" * 2000, "€" * 2000, "ł" * 2000, "👩‍🍳" * 400])
def test_a_text_message_never_grows_beyond_two_segments(receiver: Receiver, text: str) -> None:
    receiver.body = PUBLISHED
    SnsSms("eu-west-1").send(message("+4915112345678", text=text))
    assert segments(published(receiver)["Message"]) == 2


@pytest.mark.parametrize(("code", "retryable", "blames"), [
    ("InvalidParameter", False, "address"), ("OptedOut", False, "address"), ("AuthorizationError", False, "us"),
    ("Throttling", True, "destination"), ("InternalError", True, "destination"),
])  # fmt: skip
def test_sns_says_no(receiver: Receiver, code: str, retryable: bool, blames: str) -> None:
    receiver.status = 400
    receiver.body = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>".encode()
    error = failure(lambda: SnsSms("eu-west-1").send(message("+4915112345678")))
    assert (error.retryable, error.blames) == (retryable, blames)
