"""The webhook as its receiver sees it, checked with the very code that docs/webhooks.md gives."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from opscopilot.adapters.channels._web import OutboundWeb
from opscopilot.adapters.channels.webhook import Webhook, signature
from opscopilot.kernel.clock import FixedClock, SystemClock
from tests.integration.channels.conftest import ID, NOON, failure, message
from tests.support.servers.receivers import Receiver

PAGE = Path(__file__).resolve().parents[3] / "docs" / "webhooks.md"


def documented() -> dict[str, Any]:
    """What the page's Python defines, as written there."""
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)
    return names


def test_it_is_signed_and_carries_an_idempotency_key(receiver: Receiver, web: OutboundWeb) -> None:
    assert Webhook(web, FixedClock(NOON)).send(message(receiver.url("/hook?x=1"), secret="s3cret")).delivered
    (got,) = receiver.got
    assert got["path"] == "/hook?x=1"
    assert json.loads(got["body"]) == {"title": "ü", "n": 1}
    assert got["headers"]["Idempotency-Key"] == str(ID)
    assert got["headers"]["Host"] == f"127.0.0.1:{receiver.port}"
    moment = int(NOON.timestamp())
    mac = hmac.new(b"s3cret", f"{moment}.".encode() + got["body"], hashlib.sha256).hexdigest()
    assert got["headers"]["X-OpsCopilot-Signature"] == f"t={moment},v1={mac}"


def test_the_documented_check_takes_ours_and_nothing_else() -> None:
    verified, moment, body = documented()["verified"], 1_768_388_400, b'{"title":"\xc3\xbc"}'
    good = signature("s3cret", moment, body)
    assert verified("s3cret", good, body, now=moment + 299)
    assert not verified("s3cret", good, body, now=moment + 301), "a recorded call cannot be replayed"
    assert not verified("s3cret", good, body + b" ", now=moment)
    assert not verified("other", good, body, now=moment)
    assert not verified("s3cret", good.replace(f"t={moment}", f"t={moment + 60}"), body, now=moment)
    for broken in ("", "t=,v1=", "v1=abc", "t=1,v1=ü", good + ",x", good.split(",")[0]):
        assert not verified("s3cret", broken, body, now=moment)


def test_the_documented_receiver_takes_a_message_once(web: OutboundWeb) -> None:
    receiver = documented()["Receiver"]
    receiver.secret, receiver.seen, receiver.log_message = "s3cret", {}, lambda *_: None
    with ThreadingHTTPServer(("127.0.0.1", 0), receiver) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url, channel = f"http://127.0.0.1:{server.server_address[1]}/", Webhook(web, SystemClock())
            for _ in range(2):
                channel.send(message(url, secret="s3cret"))
            assert failure(lambda: channel.send(message(url, secret="guessed"))).detail.endswith("answered 401.")
        finally:
            server.shutdown()
            thread.join()
    assert receiver.seen == {str(ID): {"title": "ü", "n": 1}}
