"""Seam sent_messages and friends: what was sent can be seen, newest first."""

from __future__ import annotations

import json
from email.message import EmailMessage

from local.aws import LocalAws
from local.http_message import Request
from local.outbox import _with_links, endpoint, messages


def ask(query: str = "") -> bytes:
    return endpoint(Request("GET", "/_local/outbox", query, {}, [], b"", "127.0.0.1")).body


def test_messages_of_every_kind_are_listed_newest_first(aws: LocalAws) -> None:
    aws.verify_senders()
    ses = aws.client("ses")
    ses.send_email(
        Source="ops@example.com",
        Destination={"ToAddresses": ["a@example.com"], "CcAddresses": ["b@example.com"]},
        Message={"Subject": {"Data": "plain"}, "Body": {"Text": {"Data": "hello <b>"}}},
    )
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Lager niedrig: Käse", "ops@example.com", "c@example.com"
    mail.set_content("text part")
    mail.add_alternative("<p>html <script>alert(1)</script> part</p>", subtype="html")
    ses.send_raw_email(Source="ops@example.com", Destinations=["c@example.com"], RawMessage={"Data": mail.as_bytes()})
    aws.client("sesv2").send_email(
        FromEmailAddress="ops@example.com",
        Destination={"ToAddresses": ["d@example.com"]},
        Content={"Simple": {"Subject": {"Data": "version 2"}, "Body": {"Html": {"Data": "<p>hi</p>"}}}},
    )
    aws.client("sns").publish(TopicArn=aws.names["AlertTopic"], Subject="topic", Message='{"a":1}')
    aws.client("sns").publish(PhoneNumber="+4712345678", Message="text")
    found = messages()
    assert [m.subject for m in found] == ["", "topic", "version 2", "Lager niedrig: Käse", "plain"]
    assert [m.channel for m in found] == ["sms", "topic", "email", "email", "email"]
    assert found[4].to == ["a@example.com", "b@example.com"]
    assert found[3].text.strip() == "text part"
    assert "html" in found[3].html
    assert all(m.sent_at.startswith("20") for m in found)
    data = json.loads(ask("format=json"))
    assert data["total"] == 5
    assert data["items"][0]["to"] == ["+4712345678"]
    page = ask().decode()
    assert "Lager niedrig: Käse" in page
    assert "hello &lt;b&gt;" in page
    assert "<script>" not in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page  # a click opens a window; nothing runs


def test_only_reading_is_allowed() -> None:
    assert endpoint(Request("DELETE", "/_local/outbox", "", {}, [], b"", "127.0.0.1")).status == 405


def test_addresses_in_plain_messages_can_be_clicked_and_are_still_data() -> None:
    shown = _with_links('see http://localhost:8000/x?a=1&b="><script> or javascript:alert(1)')
    assert '<a href="http://localhost:8000/x?a=1&amp;b=" target="_blank" rel="noopener noreferrer">' in shown
    assert "<script>" not in shown
    assert 'href="javascript' not in shown
