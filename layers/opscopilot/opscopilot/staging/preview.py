"""What a mapping makes of the first rows, before anything is confirmed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel, Field

from opscopilot.catalogue import samples, synonyms
from opscopilot.catalogue.declaration import Registry
from opscopilot.catalogue.recognition import carried
from opscopilot.catalogue.samples import Column
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.staging.mapping import ColumnSource, FileMapping


class Doubt(BaseModel):
    """A field whose values do not look like what it should hold."""

    field: str
    column: str
    message: str
    expected: str


class Preview(BaseModel):
    """The first rows by field, as texts, and what looks wrong about them."""

    entity: str
    rows: list[dict[str, str | None]] = Field(description="Field → the text it would be read from.")
    doubts: list[Doubt]


def preview(
    registry: Registry, mapping: FileMapping, headers: Sequence[str], sample: Sequence[Sequence[str]],
    plant: PlantSettings,
) -> Preview:  # fmt: skip
    """The sample under a mapping that fits the headers. Values are shown as the file has them."""
    index = {synonyms.key(name) or name: number for number, name in reversed(list(enumerate(headers)))}
    cells = [
        {name: _text(mapping.source(name), row, index, plant) for name in mapping.columns}
        for row in sample if not _skipped(mapping, row, index)
    ]  # fmt: skip
    fields = carried(registry[mapping.entity], registry)
    doubts = []
    for name in mapping.columns:
        source = mapping.source(name)
        column = Column(tuple(text for row in cells if (text := row[name])))
        if source.by == "code" and source.column and column.verdict(fields[name]) == "contradicts":
            kind = samples.KINDS[fields[name].type]
            message = f"'{source.column}' holds values such as '{column.values[0]}', which are no {kind}."
            doubts.append(Doubt(field=name, column=source.column, message=message, expected=fields[name].expected))
    return Preview(entity=mapping.entity, rows=cells, doubts=doubts)


def _skipped(mapping: FileMapping, row: Sequence[str], index: dict[str, int]) -> bool:
    return any(_cell(row, index, rule.column) == rule.equals for rule in mapping.skip_when)


def _cell(row: Sequence[str], index: dict[str, int], column: str) -> str | None:
    at = index.get(synonyms.key(column) or column)
    return (row[at].strip() or None) if at is not None and at < len(row) else None


def _text(source: ColumnSource, row: Sequence[str], index: dict[str, int], plant: PlantSettings) -> str | None:
    if source.const is not None:
        return source.const
    if source.setting is not None:
        found = getattr(plant, source.setting, None)
        return None if found is None else str(found)
    if source.template is not None:
        return re.sub(r"\{([^{}]+)\}", lambda match: _cell(row, index, match.group(1)) or "", source.template)
    text = _cell(row, index, source.column or "")
    return source.values.get(text, text) if text is not None else None
