"""Functions are loaded with their own environment and called with what the wire would carry."""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from local.functions import FunctionHost, FunctionSpec, LambdaContext, load_handler

ECHO = """
import os
SEEN = dict(os.environ)
def handler(event, context):
    return {"event": event, "seen": SEEN.get("MARK"), "now": os.environ.get("MARK"), "secret": SEEN.get("MY_SECRET"),
            "name": context.function_name, "left": context.get_remaining_time_in_millis()}
"""


def function(folder: Path, source: str, name: str = "Echo", **options: Any) -> FunctionSpec:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.py").write_text(source)
    values = {"handler": "app.handler", "environment": {}} | options
    return FunctionSpec(name, folder, **values)


def call(spec: FunctionSpec, event: Any = None) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(FunctionHost({spec.name: spec}).invoke(spec.name, event).payload)
    return answer


def test_the_environment_is_the_functions_own_while_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SECRET", "of the developer")
    answer = call(function(tmp_path, ECHO, environment={"MARK": "mine"}, timeout=7), {"a": 1})
    assert answer["event"] == {"a": 1}
    assert (answer["seen"], answer["now"], answer["secret"]) == ("mine", None, None)
    assert answer["name"] == "Echo"
    assert 0 < answer["left"] <= 7000
    assert os.environ["MY_SECRET"] == "of the developer"


def test_two_functions_with_the_same_file_name_do_not_meet(tmp_path: Path) -> None:
    first = function(tmp_path / "a", ECHO, "First", environment={"MARK": "1"})
    second = function(tmp_path / "b", ECHO, "Second", environment={"MARK": "2"})
    host = FunctionHost({"First": first, "Second": second})
    assert json.loads(host.invoke("First", {}).payload)["seen"] == "1"
    assert json.loads(host.invoke("Second", {}).payload)["seen"] == "2"


def test_the_module_is_imported_once_even_when_many_threads_call(tmp_path: Path) -> None:
    source = "import time\ntime.sleep(0.1)\nMADE = object()\ndef handler(event, context): return id(MADE)"
    host = FunctionHost({"Slow": function(tmp_path, source, "Slow")})
    seen: list[str] = []
    threads = [threading.Thread(target=lambda: seen.append(host.invoke("Slow", {}).payload)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1


def test_a_failed_cold_start_is_an_error_object_and_is_tried_again(tmp_path: Path) -> None:
    spec = function(tmp_path, "import no_such_module_anywhere", "Broken")
    host = FunctionHost({"Broken": spec})
    outcome = host.invoke("Broken", {})
    assert outcome.failed
    assert json.loads(outcome.payload)["errorType"] == "Runtime.ImportModuleError"
    (tmp_path / "app.py").write_text("def handler(event, context): return 'repaired'")
    os.utime(tmp_path / "app.py", (1, 1))
    assert json.loads(host.invoke("Broken", {}).payload) == "repaired"


def test_errors_have_the_class_name_as_type(tmp_path: Path) -> None:
    source = "class DependenciesPending(Exception): pass\ndef handler(e, c): raise DependenciesPending('wait')"
    answer = call(function(tmp_path, source))
    assert answer["errorType"] == "DependenciesPending"
    assert answer["errorMessage"] == "wait"
    assert "stackTrace" in answer


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def handler(e, c): return object()", "Runtime.MarshalError"),
        ("def other(e, c): return 1", "Runtime.HandlerNotFound"),
        ("def handler(e, c): raise SystemExit(3)", "SystemExit"),
    ],
)
def test_other_failures_have_lambdas_own_names(tmp_path: Path, source: str, kind: str) -> None:
    assert call(function(tmp_path, source))["errorType"] == kind


def test_events_are_copied_like_json(tmp_path: Path) -> None:
    event = {"items": [1, 2]}
    spec = function(tmp_path, "def handler(e, c):\n    e['items'].append(3)\n    return e")
    assert call(spec, event) == {"items": [1, 2, 3]}
    assert event == {"items": [1, 2]}
    outcome = FunctionHost({"Echo": spec}).invoke("Echo", {"when": date(2026, 1, 1)})
    assert outcome.failed  # an event that is no JSON could not have been sent


def test_no_more_run_at_once_than_allowed(tmp_path: Path) -> None:
    source = """
import threading, time
LOCK, NOW, MOST = threading.Lock(), 0, 0
def handler(event, context):
    global NOW, MOST
    with LOCK:
        NOW += 1
        MOST = max(MOST, NOW)
    time.sleep(0.05)
    with LOCK:
        NOW -= 1
    return MOST
"""
    host = FunctionHost({"Echo": function(tmp_path, source, concurrency=2)})
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.append(int(host.invoke("Echo", {}).payload))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(seen) == 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"function Gone: .*app\.py does not exist"):
        load_handler(FunctionSpec("Gone", tmp_path / "nowhere", "app.handler", {}))


def test_remaining_time_never_goes_below_zero() -> None:
    context = LambdaContext("f", timeout_seconds=0.01)
    time.sleep(0.02)
    assert context.get_remaining_time_in_millis() == 0


def test_the_environment_is_put_back_after_an_error(tmp_path: Path) -> None:
    before = dict(os.environ)
    spec = function(tmp_path, "import os\n1 / int(os.environ['ZERO'])", environment={"ZERO": "0"})
    with pytest.raises(ZeroDivisionError):
        load_handler(spec)
    assert dict(os.environ) == before


def test_closing_lets_running_invocations_finish_and_refuses_new_ones(tmp_path: Path) -> None:
    source = "import time\ndef handler(e, c):\n    time.sleep(0.3)\n    return 'done'"
    host = FunctionHost({"Echo": function(tmp_path, source)})
    host.handler("Echo")
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(host.invoke("Echo", {}).payload))
    thread.start()
    time.sleep(0.1)
    assert host.close(0.01) is False
    assert host.close(5) is True
    thread.join()
    assert answers == ['"done"']
    refused = host.invoke("Echo", {})
    assert refused.failed
    assert json.loads(refused.payload)["errorType"] == "Lambda.ServiceException"
