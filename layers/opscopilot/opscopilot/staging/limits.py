"""Bounds of one run of ingest."""

from __future__ import annotations

from dataclasses import dataclass

from opscopilot.staging.reading.table import ReadLimits


@dataclass(frozen=True)
class Limits:
    """Bytes of the object and of its text, memory and threads of the checks, and the size of a part: a table of
    more than that is cut, and its parts are judged by functions of their own."""

    max_object_bytes: int = 5 << 30
    max_text_bytes: int = 9 << 30
    memory_mb: int = 256
    threads: int = 2
    part_bytes: int = 128 << 20

    @classmethod
    def of(cls, max_file_mb: int, part_mb: int = 128) -> Limits:
        """Limits for objects of at most that many MB; unpacked they may have four times as many, at most 9 GB:
        the text and the parts made of it must fit on the function's disk."""
        return cls(max_file_mb << 20, min(max_file_mb << 22, 9 << 30), part_bytes=part_mb << 20)

    @property
    def reading(self) -> ReadLimits:
        """What the readers may use up."""
        return ReadLimits(max_text_bytes=self.max_text_bytes)
