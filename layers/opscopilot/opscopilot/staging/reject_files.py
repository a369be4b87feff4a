"""Rejected records as a file to correct: the columns of the file they came in, and in front of them the record's
number, its row and what is wrong with it. Made in bounded parts; a cursor leads to the next."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import xlsxwriter

from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.pagination import decode_cursor, encode_cursor
from opscopilot.staging.kept_rows import ERROR, LINE, RECORD_NO, ROW, Kept, RowLayout, defused, layout_of
from opscopilot.staging.receipts import job_row
from opscopilot.staging.rejected import RejectFilter

FileFormat = Literal["csv", "xlsx"]
MAX_ROWS = 100_000
MAX_TEXT = 3_500_000
"""Characters of one part: what leaves the function, encoded, must stay under 6 MB."""
LEAD = (RECORD_NO, ROW, ERROR)
_BATCH = 2000
_MAX_CELL = 32_767  # a spreadsheet's own limit


@dataclass(frozen=True)
class RejectFile:
    """A part of the rejects as a file. `next_cursor` leads to the rest, if there is more."""

    name: str
    media_type: str
    body: bytes
    rows: int
    next_cursor: str | None


def reject_file(tx: Tx, job_id: UUID, wanted: RejectFilter, form: FileFormat, cursor: str | None) -> RejectFile:
    """The job's rejects from `cursor` on. NotFound for a job that is not the tenant's."""
    job = job_row(tx, job_id, "file_name, mapping, status")
    layout = layout_of(tx, job_id, job["mapping"])
    after = decode_cursor(cursor, 1)[0] if cursor else 0
    if not isinstance(after, int) or not 0 <= after < 2**31:
        raise ValidationFailed("The cursor does not belong to this list.", field="cursor", value=cursor,
                               expected="the x-next-cursor of the part before, unchanged")  # fmt: skip
    where, params = wanted.where()
    has_lines = bool(tx.scalar(
        """SELECT EXISTS (SELECT 1 FROM staging.staging_data d WHERE d.job_id = :id AND d.raw_data ? 'line'
           AND d.validation_status IN ('invalid', 'pending'))""", id=job_id,
    ))  # fmt: skip
    part = _Part(layout, has_lines)
    more = part.fill(_kept(tx, job_id, where, params, after))
    body = part.as_csv() if form == "csv" else part.as_xlsx()
    stem = job["file_name"].replace("/", "_").split(".")[0] or "file"
    number = f"-from-{part.first}" if cursor else ""
    kinds = {"csv": "text/csv; charset=utf-8",
             "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}  # fmt: skip
    return RejectFile(f"{stem}-rejects{number}.{form}", kinds[form], body, len(part.rows),
                      encode_cursor([part.last]) if more else None)  # fmt: skip


def _kept(tx: Tx, job_id: UUID, where: str, params: dict[str, Any], after: int) -> Iterator[Kept]:
    while True:
        rows = tx.rows(
            f"""SELECT d.record_no, d.raw_data, d.errors, d.validation_status FROM staging.staging_data d
                WHERE d.job_id = :id AND {where} AND d.record_no > :after ORDER BY d.record_no LIMIT {_BATCH}""",
            **params, id=job_id, after=after,
        )  # fmt: skip
        yield from map(Kept.of, rows)
        if len(rows) < _BATCH:
            return
        after = rows[-1]["record_no"]


class _Part:
    """The rows of one part."""

    def __init__(self, layout: RowLayout, has_lines: bool) -> None:
        self.layout = layout
        self.heads = [*LEAD, *([LINE] if has_lines else []), *layout.names]
        self.has_lines = has_lines
        self.rows: list[list[str]] = []
        self.first = self.last = 0

    def fill(self, found: Iterator[Kept]) -> bool:
        """Take rows while there is room; whether some are left."""
        size = 0
        for kept in found:
            row = self._row(kept)
            size += sum(map(len, row)) + len(row)
            if self.rows and (size > MAX_TEXT or len(self.rows) == MAX_ROWS):
                return True
            self.rows.append(row)
            self.first, self.last = self.first or kept.record_no, kept.record_no
        return False

    def _row(self, kept: Kept) -> list[str]:
        lead = [str(kept.record_no), str(kept.source_row or ""), kept.explained[:4000]]
        return [*lead, *([self.layout.line(kept)] if self.has_lines else []), *self.layout.cells(kept)]

    def as_csv(self) -> bytes:
        """UTF-8 with a mark, so that spreadsheets read it as such; nothing in it runs as a formula."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        for row in (self.heads, *self.rows):
            writer.writerow([defused(cell) for cell in row])
        return ("\ufeff" + out.getvalue()).encode()

    def as_xlsx(self) -> bytes:
        """Every cell is text: leading zeros stay, nothing is taken for a date, a link or a formula."""
        out = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                   "strings_to_numbers": False}  # fmt: skip
        with xlsxwriter.Workbook(out, options) as book:
            text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "num_format": "@"})
            sheet = book.add_worksheet("rejects")
            sheet.freeze_panes(1, len(LEAD))
            sheet.set_column(0, len(self.heads) - 1, 16, text)
            sheet.set_column(2, 2, 60, text)
            for column, name in enumerate(self.heads):
                sheet.write_string(0, column, name[:_MAX_CELL], bold)
            for number, row in enumerate(self.rows, 1):
                for column, cell in enumerate(row):
                    if cell:
                        sheet.write_string(number, column, cell[:_MAX_CELL], text)
        return out.getvalue()
