"""Answers with the event it got, or what the path asks for."""

from __future__ import annotations

import base64
import json
import time
from typing import Any


def handler(event: dict[str, Any], context: Any) -> Any:
    path = event["rawPath"]
    if path == "/raise":
        raise RuntimeError("the app's own error")
    if path == "/slow":
        time.sleep(3)
    if path == "/binary":
        body = base64.b64encode(bytes(range(256))).decode()
        return {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": body, "isBase64Encoded": True}
    if path == "/large":
        return {"statusCode": 200, "body": "x" * (7 << 20)}
    if path == "/cookies":
        return {"statusCode": 302, "headers": {"location": "/there"}, "cookies": ["a=1", "b=2"], "body": ""}
    if path == "/bare":
        return {"hello": "world"}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
