"""From a dropped object to tables of text: containers, encodings, dialects, workbooks, JSON. Knows no entity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opscopilot.staging.reading.table import ReadLimits, Table


def open_tables(
    source: Path, file_name: str, folder: Path, limits: ReadLimits, wanted: frozenset[str] = frozenset()
) -> Sequence[Table]:
    """The tables of a dropped object, whatever its format and packing; none of them written out yet.

    `folder` takes what is unpacked on the way; `wanted` are keys of headers that a mapping expects. Raises Refused
    with what the file is and what to do, before a hostile file can use up memory or disk.
    """
    from opscopilot.staging.reading import containers  # what opens files imports all their readers

    return containers.open_tables(source, file_name, folder, limits, wanted)
