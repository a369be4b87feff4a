"""Run functions/<name>/app.py the way Lambda does: cold start with its own environment, events as JSON."""

from __future__ import annotations

import importlib.util
import json
import logging
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.environment import function_environment

log = logging.getLogger(__name__)

Handler = Callable[[Any, "LambdaContext"], Any]
_SHUTTING_DOWN = {"errorType": "Lambda.ServiceException", "errorMessage": "the stack is shutting down"}


@dataclass(frozen=True)
class FunctionSpec:
    """One function as the template describes it. ``timeout`` in seconds, ``memory`` in MB.

    ``concurrency`` bounds how many invocations run at once: a sandbox on AWS has a connection pool of its
    own, here all share one.
    """

    name: str
    code: Path
    handler: str
    environment: Mapping[str, str]
    timeout: int = 60
    memory: int = 512
    concurrency: int = 4


@dataclass
class LambdaContext:
    """The context object handlers get; the names are Lambda's."""

    function_name: str
    memory_limit_in_mb: int = 512
    timeout_seconds: float = 60
    invoked_function_arn: str = ""
    function_version: str = "$LATEST"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    log_group_name: str = ""
    log_stream_name: str = "local"
    identity: None = None
    client_context: None = None
    _started: float = field(default_factory=time.monotonic)

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout, never below zero."""
        return max(0, int(1000 * (self.timeout_seconds - (time.monotonic() - self._started))))


@dataclass(frozen=True)
class Outcome:
    """What an invocation returns on the wire: the payload as JSON text, and whether it is an error object."""

    payload: str
    failed: bool


def load_handler(spec: FunctionSpec) -> Handler:
    """Import the function's module under a name of its own with its environment; a cold start.

    Raises whatever the module raises, FileNotFoundError when there is no such file and AttributeError when
    the module has no such handler.
    """
    module_name, _, attribute = spec.handler.rpartition(".")
    path = spec.code / (module_name.replace(".", "/") + ".py")
    if not path.is_file():
        raise FileNotFoundError(f"function {spec.name}: {path} does not exist")
    unique = f"local_function_{spec.name}_{uuid.uuid4().hex[:8]}"
    with function_environment(spec.environment):
        found = importlib.util.spec_from_file_location(unique, path)
        if found is None or found.loader is None:
            raise ImportError(f"function {spec.name}: {path} is not a Python module")
        module = importlib.util.module_from_spec(found)
        sys.modules[unique] = module
        try:
            found.loader.exec_module(module)
        except BaseException:
            sys.modules.pop(unique, None)
            raise
        handler: Handler = getattr(module, attribute)
    return handler


class FunctionHost:
    """The functions of one stack, each imported at its first invocation and then kept warm."""

    def __init__(self, specs: Mapping[str, FunctionSpec]) -> None:
        self.specs = dict(specs)
        self._handlers: dict[str, Handler] = {}
        self._locks = {name: threading.Lock() for name in specs}
        self._running = 0
        self._closed = False
        self._idle = threading.Condition()
        self._slots = {name: threading.BoundedSemaphore(spec.concurrency) for name, spec in specs.items()}

    def handler(self, name: str) -> Handler:
        """The function's handler, cold-started when needed; a failed cold start is tried again next time."""
        ready = self._handlers.get(name)
        if ready is not None:
            return ready
        with self._locks[name]:
            if name not in self._handlers:
                self._handlers[name] = load_handler(self.specs[name])
            return self._handlers[name]

    def context(self, name: str, arn: str = "") -> LambdaContext:
        """A fresh context for one invocation."""
        spec = self.specs[name]
        return LambdaContext(
            name, spec.memory, spec.timeout, arn or f"arn:aws:lambda:local:000000000000:function:{name}"
        )

    def invoke(self, name: str, event: Any, arn: str = "") -> Outcome:
        """Call the function with what the wire would carry; an exception becomes Lambda's error object."""
        with self._slots[name]:
            with self._idle:
                if self._closed:
                    return Outcome(json.dumps(_SHUTTING_DOWN), failed=True)
                self._running += 1
            try:
                return self._invoke(name, event, arn)
            finally:
                with self._idle:
                    self._running -= 1
                    self._idle.notify_all()

    def close(self, seconds: float) -> bool:
        """Refuse further invocations and let the running ones finish; False when some still run after that."""
        with self._idle:
            self._closed = True
            return self._idle.wait_for(lambda: self._running == 0, timeout=seconds)

    def _invoke(self, name: str, event: Any, arn: str) -> Outcome:
        context = self.context(name, arn)
        try:
            handler = self.handler(name)
        except AttributeError as error:
            return _failure(error, context, "Runtime.HandlerNotFound")
        except Exception as error:
            log.exception("function %s does not start", name)
            return _failure(error, context, "Runtime.ImportModuleError")
        try:
            result = handler(json.loads(json.dumps(event)), context)
        except (Exception, SystemExit) as error:
            log.debug("function %s failed", name, exc_info=True)
            return _failure(error, context)
        finally:
            if context.get_remaining_time_in_millis() == 0:
                log.warning("function %s ran longer than its timeout of %s s", name, context.timeout_seconds)
        try:
            return Outcome(json.dumps(result), failed=False)
        except (TypeError, ValueError) as error:
            return _failure(error, context, "Runtime.MarshalError")


def _failure(error: BaseException, context: LambdaContext, kind: str | None = None) -> Outcome:
    """The object Lambda's Python runtime answers; Step Functions matches ErrorEquals against errorType."""
    payload = {
        "errorMessage": str(error),
        "errorType": kind or type(error).__name__,
        "requestId": context.aws_request_id,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }
    return Outcome(json.dumps(payload), failed=True)
