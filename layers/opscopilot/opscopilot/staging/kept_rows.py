"""A kept record as a row of its file: the cells a person sees, corrects and sends back.

What ingest refused is kept as the cells of the file, what normalize refused as canonical texts of the fields, what
was of the wrong width as a line. `RowLayout` shows all three under the file's own headers, and tells on the way back
which cells were changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

from opscopilot.catalogue import synonyms
from opscopilot.kernel.db import Row, Tx
from opscopilot.staging.mapping import FileMapping

RECORD_NO, ROW, ERROR, LINE = "_record_no", "_row", "_error", "_line"
"""Columns of ours in a file of rejected records."""

Kind = Literal["cells", "fields", "line"]
_OURS = frozenset({"record_no", "source_row", "source_id"})
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,'\u00a0\u202f]*(?:[eE][+-]?[0-9]+)?%?")


def defused(cell: str) -> str:
    """The cell as a spreadsheet may have it: one that it would run as a formula gets an apostrophe in front."""
    return "'" + cell if _is_formula(cell) else cell


def restored(cell: str) -> str:
    """The cell as it was before `defused`."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell[1:]) else cell


def _is_formula(cell: str) -> bool:
    return bool(_FORMULA.match(cell)) and not _NUMBER.fullmatch(cell)


def column_names(headers: Sequence[str]) -> tuple[str, ...]:
    """The names under which a record's cells are kept: every column has one, no two the same, none of them ours."""
    taken, names = {"record_no", "source_row"}, list[str]()
    for number, header in enumerate(headers, 1):
        name = header or f"column {number}"
        while name in taken:
            name = f"{name} ({number})"
        taken.add(name)
        names.append(name)
    return tuple(names)


@dataclass(frozen=True)
class Kept:
    """A kept record. `raw` is raw_data, `row` where it stands in the file."""

    record_no: int
    raw: Mapping[str, Any]
    errors: Sequence[Mapping[str, Any]]
    status: str
    natural_key: str | None = None

    @classmethod
    def of(cls, row: Row) -> Kept:
        """From a row of staging_data."""
        return cls(row["record_no"], row["raw_data"], row["errors"], row["validation_status"], row.get("natural_key"))

    @property
    def source_row(self) -> int | None:
        """Line of the file, where it is known."""
        found = str(self.raw.get("source_row") or "")
        return int(found) if found.isdigit() and len(found) < 10 else None

    @property
    def explained(self) -> str:
        """What is wrong, for people: field, message, what would be right; one after the other."""
        return " | ".join(_explained(one) for one in self.errors)


def _explained(error: Mapping[str, Any]) -> str:
    field = f"{error['field']}: " if error.get("field") else ""
    right = f" (right would be: {error['expected']})" if error.get("expected") else ""
    return f"{field}{error.get('message') or error.get('code') or ''}{right}"


@dataclass(frozen=True)
class RowLayout:
    """The columns of a job's rows. `sources` names the column of each field, where it has one."""

    names: tuple[str, ...]
    sources: Mapping[str, str]

    @classmethod
    def of_recipe(cls, recipe: Mapping[str, Any]) -> RowLayout:
        """From the recipe that is kept with a job."""
        names = column_names(recipe["headers"])
        mapping = FileMapping.model_validate(recipe["mapping"])
        exact: dict[str, str] = {}
        loose: dict[str, str] = {}
        for header, name in zip(recipe["headers"], names, strict=True):
            if header:  # of two columns of one name the first is read, as when the file was
                exact.setdefault(header, name)
                loose.setdefault(synonyms.key(header), name)
        sources = {}
        for field in mapping.columns:
            column = mapping.source(field).column or ""
            found = exact.get(column) or loose.get(synonyms.key(column))
            if column and found:
                sources[field] = found
        return cls(names, sources)

    @cached_property
    def fields_of(self) -> dict[str, list[str]]:
        """The fields each column feeds."""
        found: dict[str, list[str]] = {}
        for field, name in self.sources.items():
            found.setdefault(name, []).append(field)
        return found

    def kind(self, kept: Kept) -> Kind:
        """How the record is kept."""
        own = set(kept.raw) - _OURS
        if own == {"line"} and self.names != ("line",):
            return "line"
        if not own <= set(self.names):
            return "fields"
        if not set(self.names) - _OURS <= own:
            return "fields"  # what is empty is left out of these, and of nothing else
        waits = kept.status == "pending" or any(one.get("code") == "conflicting_duplicate" for one in kept.errors)
        return "fields" if waits and own <= set(self.sources) else "cells"

    def cells(self, kept: Kept) -> list[str]:
        """The record under the file's headers; all empty where only its line is known."""
        kind = self.kind(kept)
        if kind == "line":
            return [""] * len(self.names)
        if kind == "cells":
            return [_text(kept.raw.get(name)) for name in self.names]
        return [
            next((_text(kept.raw[field]) for field in self.fields_of.get(name, ()) if field in kept.raw), "")
            for name in self.names
        ]

    def line(self, kept: Kept) -> str:
        """The raw line of a record of the wrong width."""
        return _text(kept.raw.get("line")) if self.kind(kept) == "line" else ""


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def layout_of(tx: Tx, job_id: UUID, mapping: Mapping[str, Any] | None) -> RowLayout:
    """The layout of a job's rows; of a job without a recipe, what its kept records hold."""
    recipe = (mapping or {}).get("recipe")
    if recipe:
        return RowLayout.of_recipe(recipe)
    found = tx.rows(
        """SELECT k.key FROM (SELECT raw_data FROM staging.staging_data WHERE job_id = :id
               ORDER BY record_no LIMIT 1000) d
           CROSS JOIN LATERAL jsonb_object_keys(d.raw_data) WITH ORDINALITY AS k (key, at)
           WHERE k.key <> ALL (ARRAY['record_no', 'source_row', 'source_id', 'line'])
           GROUP BY k.key ORDER BY min(k.at), k.key""",
        id=job_id,
    )  # fmt: skip
    names = tuple(row["key"] for row in found)
    return RowLayout(names, {name: name for name in names})
