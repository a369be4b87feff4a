"""Commands about jobs: their receipts, what they did not load, corrections, calling one off."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from local.cli import context, corrected, show
from local.cli.options import Json, Limit, Tenant
from local.cli.output import console, emit, fail

Code = Annotated[str | None, typer.Option(help="Only records with this fault.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `ops`."""
    app.command("jobs")(list_jobs)
    app.command("job")(one_job)
    app.command("rejects")(rejects)
    app.command("replay")(replay)
    app.command("cancel")(cancel)
    app.command("freshness")(freshness)


def list_jobs(
    limit: Limit = 20,
    status: Annotated[str | None, typer.Option(help="running, needs_mapping, partially_failed, failed …")] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """List ingestion jobs, latest first."""
    with context.client(tenant) as api:
        page = api.get("/jobs", limit=limit, status=status)
    if not emit(page, as_json):
        show.jobs(page["items"], page["total"])


def one_job(
    job_id: str,
    html: Annotated[Path | None, typer.Option(help="Write the receipt as a page into this file.")] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Show the receipt of one job: what was recognised, what is wrong, what changed, what to do next."""
    with context.client(tenant) as api:
        if html is not None:
            html.write_bytes(api.fetch(f"/jobs/{job_id}/receipt", format="html").content)
        job = api.get(f"/jobs/{job_id}")
        text = "" if as_json else api.fetch(f"/jobs/{job_id}/receipt", format="text").text
    if emit(job, as_json):
        return
    show.receipts([job])
    show.plain(text)
    if html is not None:
        console.print(f"[green]✓[/] the page is in {html}", markup=True)


def rejects(
    job_id: Annotated[str | None, typer.Argument(help="Left out: open rejects of all jobs.")] = None,
    code: Code = None,
    field: Annotated[str | None, typer.Option(help="Only faults of this field.")] = None,
    search: Annotated[str | None, typer.Option(help="Text in a value or the key.")] = None,
    download: Annotated[
        Path | None, typer.Option(help="Write them as the file they came in, to correct: .csv or .xlsx.")
    ] = None,
    limit: Limit = 50,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """List what was not loaded: row, field, value, and what would be right; or download it to correct."""
    wanted = {"code": code, "field": field, "search": search}
    with context.client(tenant) as api:
        if download is not None:
            if job_id is None:
                fail("--download needs the job whose rejects it should write.")
            files = corrected.download(api, job_id, download, wanted)
            if not emit([str(path) for path in files], as_json):
                for path in files:
                    console.print(f"[green]✓[/] {path}")
                console.print(f"  Correct it, then: [bold]ops replay {job_id} --file {files[0]}[/]")
            return
        page = api.get(f"/jobs/{job_id}/rejects" if job_id else "/rejects", limit=limit, **wanted)
    if not emit(page, as_json):
        show.rejects(page["items"], page["total"])


def replay(
    job_id: str,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The corrected download, .csv or .xlsx.")
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", help="RECORD:COLUMN=VALUE, as in `ops rejects`; may be repeated.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also all others that are not loaded, as they are.")
    ] = False,
    code: Code = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Correct rejected records and load them; follows to the end. Twice changes nothing."""
    if file is not None and (values or everything):
        fail("Give either --file, or --set and --all.")
    with context.client(tenant) as api:
        if file is not None:
            accepted = corrected.send(api, job_id, file)
        else:
            accepted = api.post(f"/jobs/{job_id}/replay", _asked(values or [], everything, code))
        done = corrected.follow(api, accepted["status_url"].removeprefix("/api/v1"))
        job = api.get(f"/jobs/{job_id}")
    if not emit({"replay": done, "job": job}, as_json):
        show.replayed(done)
        show.receipts([job])
    if done["status"] == "failed":
        raise typer.Exit(1)


def _asked(values: list[str], everything: bool, code: str | None) -> dict[str, Any]:
    """The body of a replay out of RECORD:COLUMN=VALUE texts."""
    if not values and not everything:
        fail("Say what to replay: --file FILE, --set RECORD:COLUMN=VALUE, or --all.")
    records: dict[int, dict[str, str]] = {}
    for one in values:
        record, _, rest = one.partition(":")
        column, found, value = rest.partition("=")
        if not (record.isascii() and record.isdigit() and found and column):
            fail(f"'{one}' is not RECORD:COLUMN=VALUE, for example 7:unit_cost=12.50")
        records.setdefault(int(record), {})[column] = value
    given = [{"record_no": number, "values": cells} for number, cells in records.items()]
    return {"records": given, "all": everything, **({"code": code} if code else {})}


def cancel(job_id: str, tenant: Tenant = None, as_json: Json = False) -> None:
    """Call off a job that has not ended."""
    with context.client(tenant) as api:
        job = api.post(f"/jobs/{job_id}/cancel")
    if not emit(job, as_json):
        console.print(f"[green]✓[/] {job['status']}")


def freshness(tenant: Tenant = None, as_json: Json = False) -> None:
    """Show when each kind of data was last loaded, and from which file."""
    with context.client(tenant) as api:
        found = api.get("/freshness")
    if not emit(found, as_json):
        show.freshness(found)
