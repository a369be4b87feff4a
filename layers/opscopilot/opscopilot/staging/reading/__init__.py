"""From a dropped object to tables of text: containers, encodings, dialects, workbooks, JSON. Knows no entity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opscopilot.staging.reading.bridge import bridge
from opscopilot.staging.reading.table import ReadLimits, Table
from opscopilot.staging.reading.unpack import unpack


def open_tables(
    source: Path, file_name: str, folder: Path, limits: ReadLimits, wanted: frozenset[str] = frozenset()
) -> Sequence[Table]:
    plain = unpack(source, folder / "text", file_name, limits.max_text_bytes)
    return bridge(plain, file_name, wanted)
