"""The Chat Completions adapter against a server that speaks the wire format, well and badly."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws

from opscopilot.adapters import openai_chat
from opscopilot.adapters.openai_chat import OpenAiChat, from_settings
from opscopilot.copilot.chat import ChatFailed, ChatMessage, ChatReply, ToolCall, ToolSpec
from opscopilot.kernel.settings import CopilotSettings
from tests.support.scripted_chat import (
    Reply,
    call,
    completion,
    cut_off,
    drip,
    error,
    half,
    raw,
    refuse,
    say,
    scripted_chat,
    silence,
)

ASKED = [ChatMessage(role="system", content="be exact"), ChatMessage(role="user", content="how much?")]
TOOL = ToolSpec(name="query_inventory", description="stock", parameters={"type": "object", "properties": {}})


@contextmanager
def client(url: str, key: str = "sk-test") -> Iterator[OpenAiChat]:
    made = OpenAiChat(lambda: key, url, "scripted-1")
    yield made
    made.close()


def complete(chat: OpenAiChat, messages: list[ChatMessage] = ASKED, **options: Any) -> ChatReply:
    return chat.complete(messages, [TOOL], **{"may_call": True, "timeout_s": 5.0, **options})


def test_speaks_the_wire_format_with_strict_tools() -> None:
    with (
        scripted_chat(call(("query_inventory", {"sku_code": "A"})), say("Done.")) as server,
        client(server.url) as chat,
    ):
        first = complete(chat)
        (asked,) = first.tool_calls
        assert (asked.name, json.loads(asked.arguments)) == ("query_inventory", {"sku_code": "A"})
        answered = ChatMessage(role="assistant", content="", tool_calls=first.tool_calls)
        result = ChatMessage(role="tool", content="{}", tool_call_id=asked.id)
        second = complete(chat, [*ASKED, answered, result], may_call=False)
        assert (second.text, second.tool_calls, second.tokens_in, second.tokens_out) == ("Done.", (), 100, 10)
    sent, then = server.requests
    assert server.headers[0]["authorization"] == "Bearer sk-test"
    assert (sent["model"], sent["tool_choice"], then["tool_choice"]) == ("scripted-1", "auto", "none")
    assert sent["tools"] == [{"type": "function", "function": {**TOOL.model_dump(), "strict": True}}]
    assert then["messages"][2]["tool_calls"][0]["id"] == then["messages"][3]["tool_call_id"] == asked.id


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (error(429, **{"retry-after": "60"}), "rate_limited"),
        (error(500), "server_error"),
        (error(503), "server_error"),
        (error(400), "rejected"),
        (error(401), "rejected"),
        (refuse(), "refused"),
        (completion({"content": ""}, finish="content_filter"), "refused"),
        (cut_off("There are 5"), "truncated"),
        (raw('{"id": "x", "choices": [{"mess'), "malformed"),
        (raw("<html>busy</html>"), "malformed"),
        (raw("{}"), "malformed"),
        (raw('{"choices": []}'), "malformed"),
        (raw('{"choices": [{"message": {"content": [1, 2]}}]}'), "malformed"),
        (raw('{"choices": [{"message": {"tool_calls": [{"id": "1"}]}}]}'), "malformed"),
        (Reply(b" " * (openai_chat.MAX_BODY_BYTES + 1)), "malformed"),
        (half(), "unreachable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_bad_answer_is_a_failure_with_its_reason_and_is_not_tried_again(reply: Reply, reason: str) -> None:
    with scripted_chat(reply, say("second")) as server, client(server.url) as chat:
        with pytest.raises(ChatFailed) as caught:
            complete(chat)
        assert caught.value.reason == reason
        assert len(server.requests) == 1


@pytest.mark.parametrize("reply", [silence(), drip()], ids=["stall", "drip"])
def test_a_server_that_does_not_come_to_an_end_is_given_up(reply: Reply) -> None:
    with scripted_chat(reply) as server, client(server.url) as chat:
        with pytest.raises(ChatFailed) as caught:
            complete(chat, timeout_s=0.2)
        assert caught.value.reason == "timeout"


def test_nobody_listens() -> None:
    with scripted_chat() as server:
        address = server.url
    with client(address) as chat, pytest.raises(ChatFailed) as caught:
        complete(chat)
    assert caught.value.reason == "unreachable"


def test_tokens_of_an_unusable_answer_are_counted() -> None:
    reply = completion({"refusal": "no"}, tokens=(321, 7))
    with scripted_chat(reply) as server, client(server.url) as chat, pytest.raises(ChatFailed) as caught:
        complete(chat)
    assert (caught.value.tokens_in, caught.value.tokens_out) == (321, 7)


def test_a_rotated_key_is_read_again() -> None:
    keys = iter(["sk-old", "sk-new"])
    with scripted_chat(error(401), say("fine")) as server:
        chat = OpenAiChat(lambda: next(keys), server.url, "scripted-1")
        with pytest.raises(ChatFailed):
            complete(chat)
        assert complete(chat).text == "fine"
        chat.close()
    assert [one["authorization"] for one in server.headers] == ["Bearer sk-old", "Bearer sk-new"]


def test_a_key_that_cannot_be_read_is_no_model_for_this_turn() -> None:
    def unreadable() -> str:
        raise PermissionError("secret")

    with pytest.raises(ChatFailed) as caught:
        complete(OpenAiChat(unreadable, "http://127.0.0.1:9/v1", "m"))
    assert caught.value.reason == "unreachable"
    assert "secret" not in caught.value.said + caught.value.detail


def settings(**values: Any) -> CopilotSettings:
    base = {
        "stage": "local", "db_host": "h", "db_user": "u", "db_auth": "trust", "landing_bucket": "l",
        "staging_bucket": "s", "ingestion_state_machine_arn": "i", "forecast_state_machine_arn": "f", "forecast_function_name": "g", "sync_state_machine_arn": "s",
        "event_bus_name": "b", "email_sender": "a@b.example", "jwt_issuer": "i", "jwt_audience": "a",
        "jwt_jwks_url": "file:x",
    }  # fmt: skip
    return CopilotSettings.model_validate({**base, **values})


def test_without_a_key_there_is_no_model() -> None:
    assert from_settings(settings()) is None


@mock_aws
@pytest.mark.parametrize("secret", ["sk-held\n", '{"api_key": "sk-held"}'], ids=["plain", "json"])
def test_the_key_comes_from_secrets_manager(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    boto3.client("secretsmanager", region_name="eu-west-1").create_secret(Name="model", SecretString=secret)
    chat = from_settings(settings(openai_api_key_secret="model"))
    assert chat is not None
    assert (chat._key(), chat.name) == ("sk-held", "gpt-5-mini")


def test_locally_the_key_may_be_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-mine")
    chat = from_settings(settings(openai_api_key_secret="env:MY_KEY", openai_model="other"))
    assert chat is not None
    assert (chat._key(), chat.name) == ("sk-mine", "other")
    deployed = settings(openai_api_key_secret="env:MY_KEY", stage="prod", db_auth="iam", db_ca_bundle="/x")
    with pytest.raises(ValueError, match="local"):
        from_settings(deployed)
    monkeypatch.delenv("MY_KEY")
    with pytest.raises(ValueError, match="MY_KEY is not set"):
        from_settings(settings(openai_api_key_secret="env:MY_KEY"))


def test_the_package_is_not_loaded_before_the_first_question() -> None:
    code = (
        "import sys\nfrom opscopilot.adapters.openai_chat import OpenAiChat\n"
        "OpenAiChat(lambda: 'k', None, 'm')\nassert not {'openai', 'httpx2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_an_assistant_message_keeps_its_calls_as_they_came() -> None:
    broken = ToolCall(id="c1", name="query_inventory", arguments='{"sku')
    with scripted_chat(say("ok")) as server, client(server.url) as chat:
        complete(chat, [*ASKED, ChatMessage(role="assistant", content="", tool_calls=(broken,))])
    assert server.requests[0]["messages"][2]["tool_calls"][0]["function"]["arguments"] == '{"sku'
