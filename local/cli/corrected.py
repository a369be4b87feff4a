"""Rejected records on this machine: downloaded as a file, and sent in again when corrected."""

from __future__ import annotations

import csv
import io
import time
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import httpx

from local.client import ApiError, OpsClient

ONE_CALL = 4 << 20
"""Bytes up to which a corrected file goes in one call; larger ones go through a link."""
_FOLLOW_S = 600.0


def download(api: OpsClient, job_id: str, target: Path, wanted: dict[str, str | None]) -> list[Path]:
    """Write all rejects to `target`, part by part: a CSV in one file, workbooks in one for each part."""
    form = "xlsx" if target.suffix.lower() == ".xlsx" else "csv"
    files: list[Path] = []
    cursor: str | None = None
    while True:
        answer = api.fetch(f"/jobs/{job_id}/rejects/file", format=form, cursor=cursor, **wanted)
        if form == "xlsx":
            path = target if not files else target.with_stem(f"{target.stem}-{len(files) + 1}")
            path.write_bytes(answer.content)
            files.append(path)
        elif not files:
            target.write_bytes(answer.content)
            files.append(target)
        else:
            with target.open("ab") as stream:
                stream.write(_without_header(answer.content))
        cursor = answer.headers.get("x-next-cursor")
        if cursor is None:
            return files


def _without_header(content: bytes) -> bytes:
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    reader = csv.reader(text)
    next(reader, None)
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(reader)
    return out.getvalue().encode()


def send(api: OpsClient, job_id: str, path: Path) -> dict[str, Any]:
    """Send a corrected file in; what the API says to the replay."""
    body = workbook_as_csv(path) if path.suffix.lower() == ".xlsx" else path.read_bytes()
    if len(body) <= ONE_CALL:
        accepted: dict[str, Any] = api.call(
            "POST", f"/jobs/{job_id}/replay", content=body, headers={"content-type": "text/csv"}
        )
        return accepted
    link: dict[str, Any] = api.post(f"/jobs/{job_id}/replay/upload")
    put = httpx.put(link["url"], content=body, timeout=300)
    if not put.is_success:
        raise ApiError(put.status_code, {"detail": f"The upload of {path.name} was refused: {put.text[:200]}"})
    return link


def workbook_as_csv(path: Path) -> bytes:
    """The first sheet as CSV. Only texts and whole numbers: what a fraction or a date looked like in the file, a
    workbook does not tell."""
    from python_calamine import CalamineWorkbook

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    for number, row in enumerate(rows, 1):
        writer.writerow([_cell(value, f"row {number}, column {column}") for column, value in enumerate(row, 1)])
    return out.getvalue().encode()


def _cell(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, float | date | datetime | timedelta | clock_time):
        raise ApiError(0, {
            "detail": f"The workbook has a number or date in {where} ({value}).",
            "expected": "the value as text, written as the file writes it (put an apostrophe in front of it)",
        })  # fmt: skip
    # A text that looks like a formula is shielded as in the CSV download, where the API takes the shield off.
    return _shielded(str(value))


def _shielded(text: str) -> str:
    from opscopilot.staging.kept_rows import defused

    return defused(text)


def follow(api: OpsClient, path: str) -> dict[str, Any]:
    """Poll a replay to its end."""
    deadline, pause = time.monotonic() + _FOLLOW_S, 0.1
    while True:
        found: dict[str, Any] = api.get(path)
        if found["status"] in ("done", "failed"):
            return found
        if time.monotonic() > deadline:
            raise ApiError(0, {"detail": f"The replay did not end within {_FOLLOW_S:.0f} s: GET /api/v1{path}"})
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)
