"""Conversations in Postgres: what was said, which tools ran, what the next turn may refer to."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from opscopilot.copilot.model import Answer, Message, QueryRequest, SessionSummary, ToolRun
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.ids import uuid7
from opscopilot.kernel.pagination import Page, decode_cursor, encode_cursor, page
from opscopilot.kernel.tenancy import Principal

_TITLE_LENGTH = 80


def open_session(tx: Tx, principal: Principal, request: QueryRequest) -> tuple[UUID, dict[str, Any], int]:
    """The conversation's id, its memory and the number of this turn. The row stays locked: turns queue up."""
    if request.session_id is None:
        session = uuid7()
        tx.execute(
            """INSERT INTO copilot.conversations (tenant_id, id, user_id, workspace, title, turns)
               VALUES (:tenant, :id, :user, :workspace, :title, 1)""",
            tenant=principal.tenant_id, id=session, user=principal.user_id, workspace=request.workspace,
            title=request.question.strip()[:_TITLE_LENGTH],
        )  # fmt: skip
        return session, {}, 1
    row = tx.one(
        """UPDATE copilot.conversations SET turns = turns + 1, last_at = now()
           WHERE id = :id AND user_id = :user RETURNING context_vars, turns""",
        id=request.session_id, user=principal.user_id,
    )  # fmt: skip
    if row is None:
        raise NotFound("There is no such conversation of yours. Leave out session_id to begin a new one.")
    return request.session_id, row["context_vars"], row["turns"]


def save_turn(
    tx: Tx, principal: Principal, question: str, turn: int, answer: Answer, memory: dict[str, Any], workspace: str
) -> None:
    """Store question, answer, tool calls, memory and one telemetry row."""
    insert = """INSERT INTO copilot.messages
        (tenant_id, id, conversation_id, turn, role, content, answer, model, tokens_in, tokens_out, latency_ms,
         confidence)
        VALUES (:tenant, :id, :session, :turn, :role, :content, CAST(:answer AS jsonb), :model, :tokens_in, :tokens_out,
                :ms, :confidence)"""
    common = {"tenant": principal.tenant_id, "session": answer.session_id, "turn": turn}
    tx.execute(insert, **common, id=uuid7(), role="user", content=question, answer=None, model=None, ms=None,
               tokens_in=0, tokens_out=0, confidence=None)  # fmt: skip
    tx.execute(insert, **common, id=answer.message_id, role="assistant", content=answer.answer,
               answer=answer.model_dump_json(), model=answer.model or answer.mode, ms=answer.latency_ms,
               tokens_in=answer.tokens_in, tokens_out=answer.tokens_out, confidence=answer.confidence)  # fmt: skip
    for run in answer.tool_calls:
        _save_run(tx, principal.tenant_id, answer.message_id, run)
    tx.execute(
        "UPDATE copilot.conversations SET context_vars = CAST(:memory AS jsonb) WHERE id = :id",
        id=answer.session_id, memory=json.dumps(memory, default=str),
    )  # fmt: skip
    tx.execute(
        """INSERT INTO copilot.telemetry_events
             (tenant_id, user_id, workspace, mode, outcome, tools, tokens_in, tokens_out, latency_ms, confidence)
           VALUES (:tenant, :user, :workspace, :mode, :outcome, CAST(:tools AS text[]), :tokens_in, :tokens_out, :ms,
                   :confidence)""",
        tenant=principal.tenant_id, user=principal.user_id, workspace=workspace, mode=answer.mode,
        outcome=answer.outcome, tools=[run.tool for run in answer.tool_calls], ms=answer.latency_ms,
        tokens_in=answer.tokens_in, tokens_out=answer.tokens_out, confidence=answer.confidence,
    )  # fmt: skip


def _save_run(tx: Tx, tenant_id: UUID, message_id: UUID, run: ToolRun) -> None:
    result = run.result.model_dump(mode="json") if run.result else {}
    data = result.get("data")
    tx.execute(
        """INSERT INTO copilot.tool_calls (tenant_id, message_id, position, tool, args, status, result, rows, ms)
           VALUES (:tenant, :message, :n, :tool, CAST(:args AS jsonb), :status, CAST(:result AS jsonb), :rows, :ms)""",
        tenant=tenant_id, message=message_id, n=run.n, tool=run.tool, args=json.dumps(run.args, default=str),
        status=run.status, result=json.dumps(result), rows=len(data) if isinstance(data, list) else int(bool(data)),
        ms=run.ms,
    )  # fmt: skip


def history(tx: Tx, principal: Principal, session_id: UUID, limit: int, cursor: str | None) -> Page[Message]:
    """The messages of one's own conversation, oldest first."""
    _own(tx, principal, session_id)
    after = decode_cursor(cursor, 1)[0] if cursor else 0
    rows = tx.rows(
        """SELECT id, turn, role, content, confidence::float8 AS confidence, created_at FROM copilot.messages
           WHERE conversation_id = :id AND turn * 2 + CAST(role = 'assistant' AS int) > :after
           ORDER BY turn, role DESC LIMIT :limit""",
        id=session_id, after=int(after), limit=limit + 1,
    )  # fmt: skip
    total = tx.scalar("SELECT count(*) FROM copilot.messages WHERE conversation_id = :id", id=session_id)
    items = [Message.model_validate(row) for row in rows[:limit]]
    last = items[-1] if len(rows) > limit else None
    following = encode_cursor([last.turn * 2 + (last.role == "assistant")]) if last else None
    return Page(items=items, next_cursor=following, total=int(total or 0))


def sessions(tx: Tx, principal: Principal, limit: int, cursor: str | None) -> Page[SessionSummary]:
    """One's own conversations, latest first."""
    where, params = "", {}
    if cursor:
        at, session = decode_cursor(cursor, 2)
        where, params = (
            "AND (last_at, id) < (CAST(:at AS timestamptz), CAST(:after AS uuid))",
            {"at": at, "after": session},
        )
    rows = tx.rows(
        f"""SELECT id, title, workspace, turns, last_at FROM copilot.conversations
            WHERE user_id = :user {where} ORDER BY last_at DESC, id DESC LIMIT :limit""",
        user=principal.user_id, limit=limit + 1, **params,
    )  # fmt: skip
    total = tx.scalar("SELECT count(*) FROM copilot.conversations WHERE user_id = :u", u=principal.user_id)
    return page(rows, limit, int(total or 0), ("last_at", "id"), SessionSummary.model_validate)


def delete(tx: Tx, principal: Principal, session_id: UUID) -> None:
    """Delete one's own conversation with everything said in it."""
    _own(tx, principal, session_id)
    tx.execute("DELETE FROM copilot.conversations WHERE id = :id", id=session_id)


def _own(tx: Tx, principal: Principal, session_id: UUID) -> None:
    found = tx.one(
        "SELECT 1 AS one FROM copilot.conversations WHERE id = :id AND user_id = :user",
        id=session_id, user=principal.user_id,
    )  # fmt: skip
    if found is None:
        raise NotFound("There is no such conversation of yours.")
