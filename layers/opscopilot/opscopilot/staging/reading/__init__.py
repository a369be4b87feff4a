"""From a dropped object to tables of text: containers, encodings, dialects, workbooks, JSON. Knows no entity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opscopilot.staging.reading.delimited import open_text
from opscopilot.staging.reading.table import ReadLimits, Table
from opscopilot.staging.reading.unpack import unpack


def open_tables(
    source: Path, file_name: str, folder: Path, limits: ReadLimits, wanted: frozenset[str] = frozenset()
) -> Sequence[Table]:
    plain = unpack(source, folder / "text", file_name, limits.max_text_bytes)
    from opscopilot.staging.epcis.reading import open_if_epcis  # it needs this package

    return open_if_epcis(plain) or open_text(plain, file_name, wanted)
