"""Corrections of rejected records: taken as JSON or as the corrected download, checked, and put where ingest reads
them: one object per replay, whose name follows from what it says and from the state it meets.

The object is CSV: `_record_no`, `_kept` ('yes' = as it is kept, the cells say nothing), the line of a record of the
wrong width, then the file's columns. Only the header line = every record that is not loaded, as it is.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import Conflict, ValidationFailed
from opscopilot.staging.kept_rows import ERROR, LINE, RECORD_NO, ROW, Kept, RowLayout, defused, restored
from opscopilot.staging.receipts import job_row
from opscopilot.staging.rejected import RejectFilter

KEPT = "_kept"
_OURS = (RECORD_NO, KEPT, ROW, ERROR, LINE)
_ENDED = ("completed", "partially_failed", "failed")
_BATCH = 5000
_NAMED = 10


@dataclass(frozen=True)
class Asked:
    """Which records are to be tried again: those with new `values` (by record, by column), and with `everything`
    all others that the filter finds, as they are."""

    values: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    everything: bool = False
    wanted: RejectFilter = field(default_factory=RejectFilter)


@dataclass(frozen=True)
class Replayed:
    """A replay that is registered. `body` is its object; None when there is nothing to send."""

    id: str
    status: str
    records: int
    source_system: str
    body: bytes | None


def replayable(tx: Tx, job_id: UUID) -> Row:
    """The job, if its records can be tried again; NotFound or Conflict otherwise."""
    job = job_row(tx, job_id, "id, status, mapping, source_system, file_name")
    if job["status"] not in _ENDED:
        raise Conflict(
            f"The job is {job['status']}; its records can be replayed when it has ended.", field="status",
            value=job["status"], expected="one of: " + ", ".join(_ENDED),
        )  # fmt: skip
    if "recipe" not in (job["mapping"] or {}):
        raise Conflict(
            "How this file was read is not known (it was loaded by an older version, or could not be read at all). "
            "Correct the file and drop it again.", code="no_recipe", field="job_id", value=job_id,
        )  # fmt: skip
    return job


def register(tx: Tx, job_id: UUID, asked: Asked, by: str) -> Replayed:
    """Check the corrections and write the replay down; the same ones in the same state are the same replay."""
    job = replayable(tx, job_id)
    layout = RowLayout.of_recipe(job["mapping"]["recipe"])
    _check_columns(layout, asked)
    rows = list(_rows(tx, job_id, layout, asked))
    body = _body(layout, rows, whole=asked.everything and not asked.values and asked.wanted == RejectFilter())
    count = len(rows)
    name = hashlib.sha256(body + _state(tx, job_id, job["source_system"])).hexdigest()[:32]
    made = tx.execute(
        """INSERT INTO staging.replays (tenant_id, job_id, id, status, records, corrected, requested_by)
           VALUES (:tenant, :job, :id, :status, :records, :corrected, :by) ON CONFLICT DO NOTHING""",
        tenant=tx.tenant_id, job=job_id, id=name, status="pending" if count else "done", records=count,
        corrected=len(asked.values), by=by,
    )  # fmt: skip
    status = "pending" if count else "done"
    if not made:
        status = tx.scalar("SELECT status FROM staging.replays WHERE job_id = :job AND id = :id", job=job_id, id=name)
    send = count and status in ("pending", "failed")
    return Replayed(name, status, count, job["source_system"], body if send else None)


def _check_columns(layout: RowLayout, asked: Asked) -> None:
    known = {*layout.names, LINE}
    unknown = list(dict.fromkeys(name for one in asked.values.values() for name in one if name not in known))
    if unknown:
        raise ValidationFailed(
            "The file has no such columns: " + ", ".join(unknown[:_NAMED]) + ".", field="values", value=unknown[0],
            expected="one of: " + ", ".join(layout.names),
        )  # fmt: skip


def _rows(tx: Tx, job_id: UUID, layout: RowLayout, asked: Asked) -> Iterator[list[str]]:
    """The rows of the object, in the order of the file. Records loaded meanwhile are left out."""
    met: set[int] = set()
    for kept in _asked_for(tx, job_id, sorted(asked.values)):
        met.add(kept.record_no)
        if kept.status in ("invalid", "pending"):
            yield _row(layout, kept, asked.values[kept.record_no])
    unknown = sorted(set(asked.values) - met)
    if unknown:
        raise ValidationFailed(
            "The job has not rejected these records: " + ", ".join(map(str, unknown[:_NAMED])) + ".",
            field="record_no", value=unknown[0], expected="a record_no out of the job's rejects",
        )  # fmt: skip
    if asked.everything:
        where, params = asked.wanted.where()
        for row in tx.rows(
            f"""SELECT d.record_no FROM staging.staging_data d WHERE d.job_id = :id AND {where}
                AND d.validation_status IN ('invalid', 'pending') ORDER BY d.record_no""", **params, id=job_id,
        ):  # fmt: skip
            if row["record_no"] not in asked.values:
                yield [str(row["record_no"]), "yes"]


def _asked_for(tx: Tx, job_id: UUID, numbers: Sequence[int]) -> Iterator[Kept]:
    for start in range(0, len(numbers), _BATCH):
        yield from map(Kept.of, tx.rows(
            """SELECT record_no, raw_data, errors, validation_status FROM staging.staging_data
               WHERE job_id = :id AND record_no = ANY(CAST(:numbers AS integer[])) ORDER BY record_no""",
            id=job_id, numbers=list(numbers[start : start + _BATCH]),
        ))  # fmt: skip


def _row(layout: RowLayout, kept: Kept, values: Mapping[str, str]) -> list[str]:
    if not values:
        return [str(kept.record_no), "yes"]
    cells = dict(zip(layout.names, layout.cells(kept), strict=True)) | dict(values)
    line = values.get(LINE, layout.line(kept))
    return [str(kept.record_no), "", defused(line), *(defused(cells[name]) for name in layout.names)]


def _body(layout: RowLayout, rows: list[list[str]], *, whole: bool) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([RECORD_NO] if whole else [RECORD_NO, KEPT, LINE, *map(defused, layout.names)])
    if not whole:
        writer.writerows(rows)
    return out.getvalue().encode()


def _state(tx: Tx, job_id: UUID, source_system: str) -> bytes:
    """What a replay meets: the open records, what was loaded last, how the source's files are read."""
    found = tx.one(
        """SELECT (SELECT concat(count(*), ' ', max(updated_at)) FROM staging.staging_data WHERE job_id = :job
                      AND validation_status IN ('invalid', 'pending')) AS open,
               (SELECT max(completed_at) FROM staging.ingestion_jobs) AS loaded,
               (SELECT max(updated_at) FROM staging.data_connector_configs WHERE name = :source) AS told""",
        job=job_id, source=source_system,
    )  # fmt: skip
    return json.dumps(found, default=str).encode()


class Corrected:
    """Reads a corrected download, or the object of a replay. ValidationFailed names the line that is wrong."""

    def __init__(self, stream: IO[str]) -> None:
        first = stream.readline()
        delimiter = max(",;\t", key=first.count)
        head = next(csv.reader([first], delimiter=delimiter), [])
        self.heads = [restored(name.strip("\ufeff")) for name in head]
        if not self.heads or self.heads[0] != RECORD_NO:
            raise ValidationFailed(
                "This is no file of rejected records.", field=RECORD_NO, value=(self.heads or [""])[0][:80],
                expected="the file of GET …/rejects/file with its first column, _record_no, as it was",
            )  # fmt: skip
        lead = 0
        while lead < len(self.heads) and self.heads[lead] in _OURS:
            lead += 1
        self.lead = lead
        self.names = self.heads[lead:]
        self._reader = csv.reader(stream, delimiter=delimiter)
        self._met: set[int] = set()

    def check(self, layout: RowLayout) -> None:
        """Every column must be one of the file's, once."""
        unknown = [name for name in self.names if name not in layout.names]
        again = [name for number, name in enumerate(self.names) if name in self.names[:number]]
        if unknown or again:
            raise ValidationFailed(
                "These columns are not the file's own: " + ", ".join([*unknown, *again][:_NAMED]) + ".",
                field="columns", value=[*unknown, *again][0], expected="each once: " + ", ".join(layout.names),
            )  # fmt: skip

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Record numbers and the values they shall have; no values = as it is kept."""
        try:
            for row in self._reader:
                if any(row):
                    yield self._row(row)
        except csv.Error as error:
            raise ValidationFailed(f"Line {self._reader.line_num + 1} is no CSV: {error}.", field="line") from None

    def _row(self, row: list[str]) -> tuple[int, dict[str, str]]:
        line, text = self._reader.line_num + 1, row[0].strip()
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        if not number or number in self._met:
            raise ValidationFailed(
                f"Line {line} says '{text[:40]}' for {RECORD_NO}{', which was there before' if number else ''}.",
                field=RECORD_NO, value=text[:40], expected="the number as it was downloaded, each once",
            )  # fmt: skip
        if len(row) > len(self.heads):
            raise ValidationFailed(
                f"Line {line} has {len(row)} cells, the header has {len(self.heads)}.", field="line", value=line,
                expected="as many cells as columns; text with a delimiter in it in quotation marks",
            )  # fmt: skip
        self._met.add(number)
        lead = dict(zip(self.heads[: self.lead], row, strict=False))
        if lead.get(KEPT) == "yes":
            return number, {}
        cells = [restored(cell) for cell in row[self.lead :]]
        cells += [""] * (len(self.names) - len(cells))
        values = dict(zip(self.names, cells, strict=True))
        if LINE in lead:
            values[LINE] = restored(lead[LINE])
        return number, values


def decoded(body: bytes) -> IO[str]:
    """The upload as text: UTF-16 with its mark, UTF-8, or what a Western spreadsheet saves."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return io.StringIO(body.decode("utf-16", "replace"), newline="")
    try:
        return io.StringIO(body.decode("utf-8-sig"), newline="")
    except UnicodeDecodeError:
        return io.StringIO(body.decode("cp1252", "replace"), newline="")
