"""Which deployment `ops` talks to, and what it does with answers that are none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.cli import app, context, main, running
from local.client import ApiError, OpsClient


@pytest.fixture(autouse=True)
def _no_deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPS_URL", "OPS_TOKEN", "OPS_TENANT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(context, "STATE", tmp_path)


Answers = Callable[[httpx.Request], httpx.Response]
Serve = Callable[[Answers], OpsClient]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A client whose server is a function."""
    opened: list[OpsClient] = []

    def make(answers: Answers) -> OpsClient:
        client = OpsClient("http://ops.test", "token")
        client._http.close()
        client._http = httpx.Client(base_url="http://ops.test", transport=httpx.MockTransport(answers))
        opened.append(client)
        return client

    yield make
    for one in opened:
        one.close()


def test_a_deployment_is_named_by_both_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_URL", "https://ops.example.com/")
    with pytest.raises(RuntimeError, match="belong together"):
        context.client()
    monkeypatch.setenv("OPS_TOKEN", "t")
    with context.client() as api:
        assert api.url == "https://ops.example.com"


def test_without_a_stack_the_way_to_one_is_named() -> None:
    with pytest.raises(RuntimeError, match="ops up"):
        context.client()


def test_the_tenant_is_asked_for_or_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text(json.dumps({"api_url": "http://localhost:1"}))
    seen: list[str] = []

    def token(tenant: str, role: str, *, platform_admin: bool = False) -> str:
        seen.append(tenant)
        return "t"

    monkeypatch.setattr(context, "local_token", token)
    context.client("fjord").close()
    context.client().close()
    monkeypatch.setenv("OPS_TENANT", "harbour")
    context.client().close()
    assert seen == ["fjord", "sample", "harbour"]


def test_a_refusal_says_what_would_be_right(serve: Serve) -> None:
    problem = {"detail": "There is no entity 'x'.", "expected": "sku"}
    with pytest.raises(ApiError, match=r"There is no entity 'x'\. Right would be: sku\. \(HTTP 422\)"):
        serve(lambda _: httpx.Response(422, json=problem)).get("/jobs")


def test_a_proxys_page_is_cut_short(serve: Serve) -> None:
    with pytest.raises(ApiError) as caught:
        serve(lambda _: httpx.Response(502, text="<html>" + "x" * 5000)).get("/jobs")
    assert caught.value.status == 502
    assert len(str(caught.value)) < 300


def test_a_server_that_is_not_there_is_no_http_status(serve: Serve) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(ApiError, match="Is the stack up") as caught:
        serve(refuse).get("/jobs")
    assert "HTTP" not in str(caught.value)


def test_pages_are_read_to_their_end(serve: Serve) -> None:
    pages = {None: {"items": [{"n": 1}], "next_cursor": "c"}, "c": {"items": [{"n": 2}], "next_cursor": None}}
    api = serve(lambda request: httpx.Response(200, json=pages[request.url.params.get("cursor")]))
    assert [one["n"] for one in api.pages("/jobs", limit=1)] == [1, 2]


def test_following_reports_every_change_once(serve: Serve) -> None:
    states = iter(["pending", "running", "running", "completed"])

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"status": next(states), "entity_type": None, "total_records": 0})

    seen: list[str] = []
    done = serve(answer).follow(["j"], lambda job: seen.append(job["status"]), timeout=30)
    assert seen == ["pending", "running", "completed"]
    assert [job["status"] for job in done] == ["completed"]


def test_following_gives_up_and_names_what_it_waits_for(serve: Serve) -> None:
    running = {"status": "running", "entity_type": None, "total_records": 0}
    with pytest.raises(ApiError, match=r"did not end within 0 s: j$"):
        serve(lambda _: httpx.Response(200, json=running)).follow(["j"], lambda _: None, timeout=0)


def test_a_failed_forecast_run_is_an_error(serve: Serve) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        status: dict[str, Any] = {"run_id": "r", "status": "running" if request.method == "POST" else "failed"}
        return httpx.Response(200, json={**status, "cause": "the database went away"})

    with pytest.raises(ApiError, match="forecast run r failed: the database went away"):
        running.run_forecast(serve(answer), quiet=True)


@pytest.mark.parametrize(
    ("raised", "code", "says"),
    [(ApiError(404, {"detail": "There is no job [17]."}), 1, "There is no job [17]. (HTTP 404)"),
     (RuntimeError("No stack is running here."), 1, "No stack is running here."), (KeyboardInterrupt(), 130, "")],
)  # fmt: skip
def test_what_goes_wrong_is_a_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raised: BaseException, code: int, says: str
) -> None:
    def fail() -> None:
        raise raised

    monkeypatch.setattr("local.cli.app", fail)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert says in capsys.readouterr().err
    assert app is not fail
