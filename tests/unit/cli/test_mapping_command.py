"""`ops map` and `ops template` against a server that is a function."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from local.cli import context
from local.cli.app import app
from local.client import OpsClient

RUNNER = CliRunner()
PROPOSAL: dict[str, Any] = {
    "headers": ["Ding", "Was es ist", "Packung"], "sample": [["007", "Jam", "EA"], ["008", "Senf", "EA"]],
    "reason": "We could not tell.",
    "candidates": [
        {"entity": "sku", "title": "SKUs", "score": 0.41, "unknown": ["Ding"],
         "columns": {"base_uom": {"column": "Packung", "score": 0.6, "why": "its values are units"}},
         "missing": [{"field": "sku_code", "label": "Sku code", "expected": "a code"},
                     {"field": "description", "label": "Description", "expected": "text"}]},
    ],
}  # fmt: skip


class Server:
    """Answers as the API does and keeps what was posted."""

    def __init__(self, status: str = "needs_mapping") -> None:
        self.posted: list[dict[str, Any]] = []
        self.told: dict[str, Any] = {
            "job_id": "J1", "status": status, "file_name": "liste.csv", "source_system": "lager", "pattern": "liste.csv*",
            "proposal": PROPOSAL, "mapping": None, "how": None,
        }  # fmt: skip

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=self.told)
        body = json.loads(request.content)
        self.posted.append(body)
        answer = {"job_id": "J1", "entity": body["entity"], "remembered": body["remember"], "pattern": "liste.csv*"}
        return httpx.Response(202, json=answer)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    answers = Server()
    opened: list[OpsClient] = []

    def client(*_args: Any, **_more: Any) -> OpsClient:
        made = OpsClient("http://ops.test", "token")
        made._http.close()
        made._http = httpx.Client(base_url="http://ops.test", transport=httpx.MockTransport(answers))
        opened.append(made)
        return made

    monkeypatch.setattr(context, "client", client)
    yield answers
    for one in opened:
        one.close()


def test_map_asks_for_what_is_missing_and_sends_it(server: Server) -> None:
    result = RUNNER.invoke(app, ["map", "J1"], input="Dings\nDing\nWas es ist\ny\n")
    assert result.exit_code == 0, result.output
    assert "There is no column 'Dings'" in result.output
    assert "its values are units" in result.output
    assert server.posted == [{"entity": "sku", "remember": True, "columns": {
        "base_uom": "Packung", "sku_code": "Ding", "description": "Was es ist"}}]  # fmt: skip


def test_map_takes_everything_from_the_command_line(server: Server) -> None:
    told = ["map", "J1", "--set", "sku_code=Ding", "--set", "description==Glas", "--unset", "base_uom", "--yes",
            "--no-remember", "--dates", "dmy", "--json"]  # fmt: skip
    result = RUNNER.invoke(app, told)
    assert result.exit_code == 0, result.output
    assert server.posted == [{"entity": "sku", "remember": False, "dates": "dmy", "columns": {
        "sku_code": "Ding", "description": {"const": "Glas"}}}]  # fmt: skip
    assert json.loads(result.output)["entity"] == "sku"


@pytest.mark.parametrize("wrong", ["sku_code=Dong", "sku_code"])
def test_map_names_a_column_that_is_none(server: Server, wrong: str) -> None:
    result = RUNNER.invoke(app, ["map", "J1", "--set", wrong, "--yes"])
    assert result.exit_code == 1
    assert server.posted == []


def test_map_changes_nothing_when_the_answer_is_no(server: Server) -> None:
    result = RUNNER.invoke(app, ["map", "J1", "--set", "sku_code=Ding", "--set", "description=Ding"], input="n\n")
    assert result.exit_code == 1
    assert server.posted == []


def test_map_as_json_without_yes_only_shows(server: Server) -> None:
    result = RUNNER.invoke(app, ["map", "J1", "--json"])
    assert json.loads(result.output)["would_send"]["columns"] == {"base_uom": "Packung"}
    assert server.posted == []


def test_map_of_a_job_that_does_not_wait_shows_the_mapping_used(server: Server) -> None:
    server.told |= {"status": "completed", "proposal": None, "how": "recognised",
                    "mapping": {"entity": "sku", "columns": {"sku_code": "Ding", "currency": {"const": "EUR"}}}}  # fmt: skip
    result = RUNNER.invoke(app, ["map", "J1"])
    assert result.exit_code == 0
    assert "const EUR" in result.output
    assert server.posted == []


def test_template_to_the_terminal_and_into_files(tmp_path: Path) -> None:
    assert RUNNER.invoke(app, ["template", "sku"]).output.startswith("sku_code,description,")
    text, book = tmp_path / "t.csv", tmp_path / "t.xlsx"
    assert RUNNER.invoke(app, ["template", "sales_order_line", "-o", str(text)]).exit_code == 0
    assert "customer_code" in text.read_text(encoding="utf-8")
    assert RUNNER.invoke(app, ["template", "sku", "--format", "xlsx", "-o", str(book)]).exit_code == 0
    assert CalamineWorkbook.from_path(book).get_sheet_by_index(0).to_python()[1][0] == "00100234"
    assert RUNNER.invoke(app, ["template", "skus"]).exit_code == 1
