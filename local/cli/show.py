"""What a person sees: receipts, rejects, forecasts, answers. Used by `ops` and by the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from local.cli.output import console, number, table
from local.client import SETTLED, OpsClient


def progress(*, quiet: bool = False) -> Progress:
    """The progress bar of long work; nothing when quiet or when nobody is looking."""
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=30), MofNCompleteColumn(),
        TimeElapsedColumn(), console=console, transient=True, disable=quiet or not console.is_terminal,
    )  # fmt: skip


@contextmanager
def sending(*, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for files that travel in parts; gives what is to be told of every part."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=30), DownloadColumn(),
               TransferSpeedColumn())  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def told(name: str, sent: int, size: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(f"Sending {name}", total=size)
            bar.update(tasks[name], completed=sent)

        yield told


def follow(api: OpsClient, job_ids: list[str], *, quiet: bool = False) -> list[dict[str, Any]]:
    """Follow jobs to their end with a bar that counts finished files."""
    with progress(quiet=quiet) as bar:
        task = bar.add_task("Reading files", total=len(job_ids))

        def moved(job: dict[str, Any]) -> None:
            bar.update(task, description=f"{job['file_name']}: {job['status']}")
            if job["status"] in SETTLED:
                bar.advance(task)

        done = api.follow(job_ids, moved)
        further = [child["job_id"] for job in done for child in job.get("children") or ()]
        if further:  # the other sheets of a workbook, the other members of an archive
            bar.update(task, total=len(job_ids) + len(further))
            done += api.follow(further, moved)
        return done


def receipts(jobs: Iterable[dict[str, Any]]) -> None:
    """A receipt per file: what it was taken for, what went in, what did not and why."""
    rows = [
        (
            job["file_name"], job.get("entity_type") or "–", number(job["total_records"]),
            number(job["successful_records"]), number(job["duplicate_records"]), number(job["failed_records"]),
            why(job),
        )
        for job in jobs
    ]  # fmt: skip
    columns = ("file", "recognised as", "rows", "accepted", "duplicate", "rejected", "why")
    console.print(table("Receipts", columns, rows, right=("rows", "accepted", "duplicate", "rejected")))


def why(job: dict[str, Any]) -> str:
    """Why rows of a job were rejected, or why the file was."""
    codes = job.get("rejects_by_code") or {}
    if codes:
        return ", ".join(f"{code} {count}" for code, count in sorted(codes.items(), key=lambda pair: -pair[1]))
    return str(job.get("error_summary") or "") if job["status"] != "completed" else ""


def jobs(items: list[dict[str, Any]], total: int) -> None:
    """A list of jobs."""
    rows = [
        (one["id"], one["file_name"], one.get("entity_type") or "–", one["status"], number(one["total_records"]),
         number(one["failed_records"]), str(one["created_at"])[:19])
        for one in items
    ]  # fmt: skip
    console.print(
        table(f"Jobs ({len(items)} of {total})", ("job", "file", "entity", "status", "rows", "rejected", "at"), rows)
    )


def rejects(items: list[dict[str, Any]], total: int) -> None:
    """What was not loaded. `record` is what `ops replay --set` takes, `row` where it stands in the file."""
    rows = [
        (*([one["file_name"]] if "file_name" in one else []), one["record_no"], one.get("row"), error["field"],
         error["raw_value"], error["code"], error["message"], error.get("expected"))
        for one in items
        for error in one["errors"]
    ]  # fmt: skip
    columns = ["record", "row", "field", "value", "code", "what is wrong", "right would be"]
    if items and "file_name" in items[0]:
        columns.insert(0, "file")
    console.print(table(f"Rejects ({len(items)} of {total})", columns, rows))


def plain(text: str) -> None:
    """A text as it is; what stands in it is data, never markup."""
    console.print(Text(text), soft_wrap=True)


def replayed(done: dict[str, Any]) -> None:
    """What became of a replay."""
    if done["status"] == "failed":
        console.print(Text.assemble(("✗ ", "bold red"), str(done["error_summary"])), soft_wrap=True)
        return
    plain(f"{number(done['records'])} tried again: {number(done['loaded_records'])} loaded, "
          f"{number(done['failed_records'])} still not.")  # fmt: skip


def freshness(found: list[dict[str, Any]]) -> None:
    """When each kind of data was last loaded; what never was stands at the end."""
    rows = [
        (one["title"], str(one["loaded_at"] or "never")[:16].replace("T", " "), number(one["records"]),
         one["file_name"] or "", one["source_system"] or "")
        for one in sorted(found, key=lambda one: (one["loaded_at"] is None, one["title"]))
    ]  # fmt: skip
    console.print(table("Freshness", ("data", "loaded (UTC)", "records", "file", "from"), rows, right=("records",)))


def forecast(result: dict[str, Any]) -> None:
    """A forecast with its interval and the history before it."""
    console.print(forecast_panel(result))


def forecast_panel(result: dict[str, Any], height: int = 10, history: int = 39) -> RenderableType:
    """The picture: history as dots, forecast as a line, the interval as a band around it; or why there is none."""
    title = Text(f"{result.get('sku_code', '')} {result.get('description') or ''}".strip())
    if not result["forecast_values"]:
        return Panel(Text(str(result.get("reason") or "There is no forecast.")), title=title, title_align="left")
    past = [Decimal(str(one["value"])) for one in result.get("history", [])][-history:]
    values = [Decimal(str(v)) for v in result["forecast_values"]]
    interval = result["confidence_intervals"]
    lower, upper = ([Decimal(str(v)) for v in interval[side]] for side in ("lower", "upper"))
    top = max([*past, *upper, Decimal(1)])
    places = 0 if top >= height else 1
    rows: list[Text] = []
    for level in range(height, 0, -1):
        low, high = top * (level - 1) / height, top * level / height
        line = Text(f"{number(high, places):>10} │", style="dim")
        for value in past:
            line.append("●" if _within(value, low, high) else " ", style="cyan")
        line.append("┊", style="dim")
        for mean, bottom, ceiling in zip(values, lower, upper, strict=True):
            if _within(mean, low, high):
                line.append("━", style="bold magenta")
            else:
                line.append("░" if bottom < high and ceiling > low else " ", style="magenta")
        rows.append(line)
    first = result["forecast_dates"][0]
    axis = Text(" " * 11 + "└" + "─" * len(past) + "┴" + "─" * len(values), style="dim")
    foot = Text(
        f"{'':11} {len(past)} weeks of demand, then {len(values)} weeks from {first}; ░ = {result['confidence_level']:g} % interval; "
        f"method: {result.get('method')}"
    )
    return Panel(Group(*rows, axis, foot), title=title, title_align="left")


def _within(value: Decimal, low: Decimal, high: Decimal) -> bool:
    return low < value <= high or (value <= 0 and low == 0)


def answer(question: str, result: dict[str, Any]) -> None:
    """A question with its answer and what stands behind it."""
    console.print(answer_block(question, result))


def answer_block(question: str, result: dict[str, Any]) -> RenderableType:
    """The answer as a block: text, then its sources."""
    lines: list[Text] = [Text(f"? {question}", style="bold"), Text(str(result["answer"]))]
    for cited in result.get("citations", []):
        listed = "; ".join(source_text(one) for one in cited["sources"][:3]) or "no rows"
        lines.append(Text(f"   [{cited['n']}] {cited['tool']}: {listed}; as of {cited['as_of']}", style="dim"))
    lines.append(Text(f"   confidence {result['confidence']:g} · {result['outcome']}", style="dim"))
    return Group(*lines, Text(""))


def source_text(source: dict[str, Any]) -> str:
    """One source in a line."""
    parts = [str(source["label"])]
    if source.get("rows") is not None:
        parts.append(f"{source['rows']} rows")
    if source.get("file"):
        parts.append(f"from {source['file']}" + (f" row {source['row']}" if source.get("row") else ""))
    return ", ".join(parts)
