"""`ops look`: how a file would be read, without a stack, a tenant or loading anything."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from local.cli.options import Json
from local.cli.output import console, emit, fail, table
from opscopilot.catalogue import recognition
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.reading.api import ReadTable, read_tables
from opscopilot.staging.refusal import Refused

_SHOWN = 10
_SIGNS = {"\t": "tab", " ": "blank", "\n": "lf", "\r\n": "crlf", "\r": "cr", "\x1e": "record separator", "": "none"}


def register(app: typer.Typer) -> None:
    """Add the command to `ops`."""
    app.command("look")(look)


def look(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Any file that could be dropped.")],
    rows: Annotated[int, typer.Option(min=0, help="Rows to show.")] = 20,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the first table as plain CSV, whole.")] = False,
    as_json: Json = False,
) -> None:
    """Show how a file would be read: layout, header, notes, first rows, odd records, what we would recognise."""
    try:
        found = read_tables(file)
    except Refused as refusal:
        if not emit({"refused": refusal.code, "message": refusal.message}, as_json):
            fail(refusal.message)
        raise typer.Exit(1) from refusal
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(found[0].headers)
        writer.writerows(found[0].rows)
        return
    told = [describe(one, file.name, rows) for one in found]
    if not emit({"file": file.name, "tables": told}, as_json):
        for one in told:
            _show(one)


def describe(one: ReadTable, file_name: str, rows: int) -> dict[str, Any]:
    """What there is to say about a table, as data."""
    return {
        "name": one.name, "read_as": one.read_as, "headers": one.headers, "records": len(one.rows) + len(one.odd),
        "rows": one.rows[:rows], "odd": [odd._asdict() for odd in one.odd[:_SHOWN]], "odd_records": len(one.odd),
        "blank": one.blank, "repeated_headers": one.repeated_headers, "preamble": one.preamble,
        "footers": one.footers, "notes": [note._asdict() for note in one.notes],
        "recognised": _recognised(one, file_name),
    }  # fmt: skip


def _recognised(one: ReadTable, file_name: str) -> list[dict[str, Any]]:
    """The entities that fit the columns best."""
    found = recognition.recognise(one.headers, registry(), file_name, one.rows[:50])
    sure = found.best.entity if found.best else None
    return [
        {"entity": bid.entity, "score": round(bid.score, 2), "system": found.system, "missing": list(bid.missing),
         "columns": {match.header: match.field for match in bid.matches}, "sure": bid.entity == sure}
        for bid in found.ranked[:3] if bid.matches
    ]  # fmt: skip


def _show(told: dict[str, Any]) -> None:
    how = ", ".join(f"{key.replace('_', ' ')} {_said(value)}" for key, value in told["read_as"].items())
    console.print(f"{told['name'] or 'Table'}: {told['records']:,} records", style="bold", markup=False)
    console.print(how, style="dim", markup=False)
    for label in ("preamble", "footers"):
        for line in told[label]:
            console.print(f"{label}: {line}", style="dim", markup=False)
    for note in told["notes"]:
        console.print(f"{note['level']}: {note['message']}", style="yellow", markup=False)
    console.print(table("", [name or "–" for name in told["headers"]], told["rows"]))
    if told["odd"]:
        odd = [(one["row"], one["message"], one["text"][:80]) for one in told["odd"]]
        console.print(table(f"Odd records: {told['odd_records']:,}", ("row", "what is wrong", "text"), odd, ("row",)))
    best = [
        (one["entity"], one["score"], ", ".join(f"{field} ← {header}" for header, field in one["columns"].items()),
         ", ".join(one["missing"]))
        for one in told["recognised"]
    ]  # fmt: skip
    if best:
        console.print(table("It could be", ("entity", "score", "columns", "missing"), best, ("score",)))
    else:
        console.print("It looks like nothing we know; say what it is when you drop it (--entity).", markup=False)


def _said(value: Any) -> str:
    return _SIGNS.get(value, value) if isinstance(value, str) else str(value)
