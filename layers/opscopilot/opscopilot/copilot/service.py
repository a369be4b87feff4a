"""A turn: guard → memory → route → run tools → say → verify → store. Everything in the caller's transaction.

With a model configured it chooses the tools and words the answer; the offline router stands behind it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from opscopilot.copilot import confidence, guard, prose, sessions
from opscopilot.copilot.chat import ChatFailed, ChatModel
from opscopilot.copilot.evidence import Facts, verify
from opscopilot.copilot.loop import DEFAULT_LIMITS, Conversation, Limits, briefing, shortlist
from opscopilot.copilot.model import Answer, Citation, Outcome, PlannedCall, QueryRequest, ToolRun
from opscopilot.copilot.router import Route, Router
from opscopilot.copilot.say import NOT_LOOKED_AT, brief, suggestions, tell
from opscopilot.copilot.text import language
from opscopilot.kernel.errors import OpsError
from opscopilot.kernel.ids import uuid7
from opscopilot.kernel.tools import ToolContext, ToolRegistry, ToolResult

log = logging.getLogger(__name__)
MAX_TOOLS = 4
_LEFT_OUT = "A statement was left out because its figures could not be proven from the records."


@dataclass
class Copilot:
    """Answers questions with the registered tools; without `chat` also without any model."""

    registry: ToolRegistry
    router: Router
    monotonic: Callable[[], float] = time.monotonic
    chat: ChatModel | None = None
    limits: Limits = DEFAULT_LIMITS

    def ask(self, context: ToolContext, request: QueryRequest) -> Answer:
        """Answer one question and store the turn."""
        begun = self.monotonic()
        session, memory, turn = sessions.open_session(context.tx, context.principal, request)
        answer = Answer(
            session_id=session, message_id=uuid7(), outcome="refuse", answer="", confidence=0, citations=[],
            tool_calls=[], language=language(request.question), as_of=context.plant.today(context.clock),
        )  # fmt: skip
        remembered: dict[str, Any] | None = None
        refusal = guard.refuse(request.question) or guard.without_tool(request.question)
        if refusal:
            answer.answer = refusal.text
            remembered = memory
        elif self.chat is not None:
            remembered = self._ask_model(self.chat, context, request, answer, memory)
        if remembered is None:
            remembered = self._ask_router(context, request, answer, memory)
        answer.latency_ms = int((self.monotonic() - begun) * 1000)
        sessions.save_turn(context.tx, context.principal, request.question, turn, answer, remembered, request.workspace)
        return answer

    def _ask_model(
        self, chat: ChatModel, context: ToolContext, request: QueryRequest, answer: Answer, memory: dict[str, Any]
    ) -> dict[str, Any] | None:
        """What to remember of an answer made with the model; None, and a warning, when it gave none that holds."""
        talk = Conversation(
            chat, shortlist(self.registry, self.router.index, request.question),
            lambda call, n: self.run(context, call, n), self.limits, self.monotonic,
        )  # fmt: skip
        try:
            text = talk.hold(briefing(context, memory), request.question)
            proven = prose.prove(text, talk.runs, request.question, context.plant)
        except ChatFailed as failure:
            log.warning("the model was not used", extra={"reason": failure.reason, "detail": failure.detail})
            answer.warnings.append(failure.said)
            return None
        finally:
            answer.model, answer.tokens_in, answer.tokens_out = chat.name, talk.tokens_in, talk.tokens_out
        answer.mode = "model"
        zone = context.plant.default_time_zone
        self._fill(context, answer, talk.runs, [*prose.periods(talk.runs, zone), *proven.sentences], proven.dropped)
        return _to_remember(prose.final(talk.runs)[-1], memory)

    def _ask_router(
        self, context: ToolContext, request: QueryRequest, answer: Answer, memory: dict[str, Any]
    ) -> dict[str, Any]:
        today = context.plant.today(context.clock)
        route = self.router.route(context.tx, request.question, today, context.plant.week_start, memory)
        runs = [self.run(context, call, n) for n, call in enumerate(route.calls[:MAX_TOOLS], 1)]
        if not runs:
            answer.answer = "I could not tell what that is about. " + guard.CAN_DO
            answer.suggestions = suggestions(None)
            return memory
        self._say(context, answer, route, runs)
        return _to_remember(runs[0], memory)

    def _say(self, context: ToolContext, answer: Answer, route: Route, runs: list[ToolRun]) -> None:
        facts = Facts()
        sentences: list[str] = []
        for run in runs:
            if run.result is not None:
                facts.add(run.result, run.args)
            said = tell(run, context.plant)
            sentences.extend(brief(said) if route.overview else said)
        proven, dropped = verify(sentences, facts)
        if route.overview:
            proven.append(NOT_LOOKED_AT)
        if route.period and any("from" in run.args for run in runs):
            zone = context.plant.default_time_zone
            proven.insert(0, f"Period: {route.period.start} to {route.period.end} ({route.period.label}, {zone}).")
        self._fill(context, answer, runs, proven, len(dropped))

    def _fill(
        self, context: ToolContext, answer: Answer, runs: list[ToolRun], sentences: list[str], dropped: int
    ) -> None:
        """Everything of an answer that follows from its sentences and lookups, whoever chose them."""
        if dropped:
            log.warning("unproven sentences dropped", extra={"count": dropped, "tools": [r.tool for r in runs]})
            sentences = [*sentences, _LEFT_OUT]
        final = prose.final(runs)
        results = [run.result for run in final if run.result is not None]
        answer.tool_calls = runs
        answer.answer = "\n".join(sentences)
        answer.dropped_sentences = dropped
        answer.outcome = _outcome(final)
        answer.citations = [_citation(run) for run in runs if run.result is not None]
        answer.candidates = [one for result in results for one in result.candidates]
        answer.did_you_mean = [one for result in results for one in result.did_you_mean]
        answer.warnings += [one for result in results for one in result.warnings]
        answer.confidence = confidence.of_runs(final, context.plant.now(context.clock))
        answer.suggestions = suggestions(final[0])

    def run(self, context: ToolContext, call: PlannedCall, n: int = 1) -> ToolRun:
        """Run one tool in a savepoint: one that fails leaves the turn and its transaction alive."""
        begun = self.monotonic()
        tool = self.registry.get(call.tool)
        result: ToolResult | None = None
        status = "error"
        if tool is not None:
            try:
                args = tool.args.model_validate(call.args)
                with context.tx.connection.begin_nested():
                    result = tool.run(context, args)
                status = result.status
            except (ValidationError, OpsError) as error:
                log.info("tool refused its arguments", extra={"tool": call.tool, "error": type(error).__name__})
            except Exception:
                log.exception("tool failed", extra={"tool": call.tool})
        name = tool.name if tool else call.tool
        spent = int((self.monotonic() - begun) * 1000)
        return ToolRun(n=n, tool=name, args=call.args, status=status, ms=spent, result=result)


def _outcome(runs: list[ToolRun]) -> Outcome:
    statuses = [run.status for run in runs]
    if any(status in ("ok", "stale") for status in statuses):
        return "answer"
    by_status: dict[str, Outcome] = {
        "ambiguous": "clarify", "not_found": "not_found", "not_ingested": "no_data", "denied": "denied",
    }  # fmt: skip
    return by_status.get(statuses[0], "failed")


def _to_remember(run: ToolRun, memory: dict[str, Any]) -> dict[str, Any]:
    return {"tool": run.tool, "args": run.args} if run.status in ("ok", "stale", "ambiguous") else memory


def _citation(run: ToolRun) -> Citation:
    assert run.result is not None
    return Citation(
        n=run.n, tool=run.tool, args=run.args, as_of=run.result.as_of, data_freshness=run.result.data_freshness,
        sources=run.result.sources,
    )  # fmt: skip
