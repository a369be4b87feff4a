"""`ops map`: say how a file is read that nobody recognised. `ops template`: a file to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from local.cli import context
from local.cli.options import Json, Tenant
from local.cli.output import console, emit, fail, table

_EXTRA = ("column", "const", "setting", "template", "values", "by", "percent", "per")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("map")(confirm)
    app.command("template")(template)


def confirm(
    job_id: str,
    entity: Annotated[str | None, typer.Option(help="What the rows are; left out: the likeliest.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="field=column; field==value for the same value in every row.")
    ] = None,
    unset: Annotated[list[str] | None, typer.Option(help="Leave this field empty.")] = None,
    pattern: Annotated[str | None, typer.Option(help="Names of the files it is for, as orders_*.csv*.")] = None,
    dates: Annotated[str | None, typer.Option(help="dmy or mdy, where the file does not tell.")] = None,
    decimal: Annotated[str | None, typer.Option(help=". or , where the file does not tell.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take it as it stands, without asking.")] = False,
    remember: Annotated[bool, typer.Option(help="Use it for the next files of this source.")] = True,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Say what a file that waits (needs_mapping) holds: shows the proposal, asks, and has the file read again."""
    with context.client(tenant) as api:
        told = api.get(f"/jobs/{job_id}/mapping")
        proposal = told["proposal"]
        if told["status"] != "needs_mapping" or proposal is None:
            if not emit(told, as_json):
                _show_used(told)
            return
        candidate = _candidate(api, proposal, entity)
        columns = _apply(_columns(candidate), set_ or [], unset or [], proposal["headers"])
        if not as_json:
            _show(told, proposal, candidate, columns)
        if not yes and not as_json:
            columns = _ask(columns, candidate, proposal["headers"])
        body = {"entity": candidate["entity"], "columns": columns, "remember": remember, "pattern": pattern,
                "dates": dates, "decimal": decimal}  # fmt: skip
        if as_json and not yes:
            emit({"would_send": body, "proposal": proposal}, True)
            return
        answer = api.post(f"/jobs/{job_id}/mapping", {name: value for name, value in body.items() if value is not None})
    if not emit(answer, as_json):
        console.print(f"[green]✓[/] read again as [bold]{answer['entity']}[/]")
        if answer["remembered"]:
            console.print("  remembered for the next files named", answer["pattern"], markup=False)


def _candidate(api: Any, proposal: dict[str, Any], entity: str | None) -> dict[str, Any]:
    """The reading to start from: the one asked for, else the likeliest."""
    found: list[dict[str, Any]] = proposal["candidates"]
    if entity is None:
        if not found:
            fail("Nothing is proposed. Say what it is: ops map JOB --entity sku --set sku_code=Column …")
        return found[0]
    known = next((one for one in found if one["entity"] == entity), None)
    if known:
        return known
    entries = {one["name"]: one for one in api.get("/entities")}
    if entity not in entries:
        fail(f"There is no entity '{entity}'. There are: {', '.join(entries)}")
    missing = [
        {"field": one["name"], "label": one["name"], "expected": one.get("expected", "")}
        for one in entries[entity]["fields"] if one["required"]
    ]  # fmt: skip
    return {"entity": entity, "title": entries[entity]["title"], "score": 0, "columns": {}, "missing": missing}


def _columns(candidate: dict[str, Any]) -> dict[str, Any]:
    """The proposed columns as the API wants them back."""
    found: dict[str, Any] = {}
    for field, one in candidate["columns"].items():
        source = {name: one[name] for name in _EXTRA if one.get(name)}
        found[field] = source["column"] if set(source) == {"column"} else source
    return found


def _apply(columns: dict[str, Any], given: list[str], unset: list[str], headers: list[str]) -> dict[str, Any]:
    """The columns with what was said on the command line; a wrong column is said with what there is."""
    changed = {field: source for field, source in columns.items() if field not in unset}
    for one in given:
        field, sign, value = one.partition("=")
        if not sign or not field:
            fail(f"--set '{one}': write field=column, or field==value for the same value in every row.")
        if value.startswith("="):
            changed[field] = {"const": value[1:]}
        elif value in headers:
            changed[field] = value
        else:
            fail(
                f"--set '{one}': the file has no column '{value}'. It has: {', '.join(name for name in headers if name)}"
            )
    return changed


def _ask(columns: dict[str, Any], candidate: dict[str, Any], headers: list[str]) -> dict[str, Any]:
    """Ask for what is missing, then whether to go on."""
    chosen = dict(columns)
    for one in candidate["missing"]:
        while one["field"] not in chosen:
            answer = typer.prompt(f"Which column is {one['field']} ({one['expected']})? =value for a fixed one").strip()
            if answer.startswith("="):
                chosen[one["field"]] = {"const": answer[1:]}
            elif answer in headers:
                chosen[one["field"]] = answer
            else:
                console.print(f"There is no column '{answer}'.", markup=False)
    if not typer.confirm(f"Read the file as {candidate['title']}?", default=True):
        fail("Nothing was changed. Correct it with --entity, --set field=column, --unset field.")
    return chosen


def _show(told: dict[str, Any], proposal: dict[str, Any], candidate: dict[str, Any], columns: dict[str, Any]) -> None:
    console.print(f"{told['file_name']} ({told['source_system']}): {proposal['reason']}", markup=False)
    others = [one["entity"] for one in proposal["candidates"] if one["entity"] != candidate["entity"]]
    if others:
        console.print(f"Other readings: {', '.join(others)} (--entity)", markup=False)
    rows = []
    for field, source in columns.items():
        column = source if isinstance(source, str) else source.get("column") or _fixed(source)
        was = candidate["columns"].get(field, {})
        score = f"{was['score']:.2f}" if was.get("column") == column and "score" in was else "said"
        why = was.get("why", "") if score != "said" else ""
        rows.append((column, field, score, _sample(proposal, column), why))
    gone = [one["field"] for one in candidate["missing"] if one["field"] not in columns]
    rows += [("–", field, "missing", "", "required") for field in gone]
    title = f"{candidate['title']} ({candidate['entity']}), score {candidate['score']:.2f}"
    console.print(table(title, ("column", "field", "score", "sample", "why"), rows, right=("score",)))
    left = [name for name in proposal["headers"] if name and name not in {row[0] for row in rows}]
    if left:
        console.print(f"Not kept: {', '.join(left)}", markup=False)


def _fixed(source: dict[str, Any]) -> str:
    return next((f"{name} {source[name]}" for name in ("const", "setting", "template") if source.get(name)), "")


def _sample(proposal: dict[str, Any], column: str) -> str:
    if column not in proposal["headers"]:
        return ""
    at = proposal["headers"].index(column)
    return ", ".join(row[at] for row in proposal["sample"][:2] if at < len(row))[:40]


def _show_used(told: dict[str, Any]) -> None:
    console.print(f"Job {told['job_id']} is {told['status']}: it does not wait for a mapping.", markup=False)
    if told["mapping"]:
        pairs = told["mapping"]["columns"].items()
        rows = [(one if isinstance(one, str) else one.get("column") or _fixed(one), field) for field, one in pairs]
        console.print(table(f"{told['mapping']['entity']} ({told['how']})", ("column", "field"), rows))


def template(
    entity: str,
    format: Annotated[Literal["csv", "xlsx"], typer.Option("--format", help="csv, or xlsx with explanations.")] = "csv",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    tenant: Tenant = None,
) -> None:
    """Give a file to fill in: the header that is understood without any mapping, and an example row."""
    from opscopilot.catalogue.template_book import xlsx_template
    from opscopilot.catalogue.templates import csv_template
    from opscopilot.manufacturing.entities import registry

    del tenant
    catalogue = registry()
    found = catalogue.get(entity)
    if found is None:
        fail(f"There is no entity '{entity}'. There are: {', '.join(catalogue.names())}")
    if format == "xlsx":
        target = output or Path(f"{entity}.xlsx")
        target.write_bytes(xlsx_template(found, catalogue))
    elif output is None:
        print(csv_template(found, catalogue), end="")
        return
    else:
        target = output
        target.write_text(csv_template(found, catalogue), encoding="utf-8")
    console.print(f"[green]✓[/] {target}")
