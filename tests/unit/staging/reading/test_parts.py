"""The part files: numbered records, cut at record boundaries, read back the same."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from opscopilot.staging.reading.parts import PartWriter


def read(paths: list[Path], delimiter: str = ",") -> list[list[str]]:
    """All records of the parts."""
    found = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as stream:
            found += list(csv.reader(stream, delimiter=delimiter, strict=True))
    return found


def test_records_plain_and_quoted_are_numbered_in_turn(tmp_path: Path) -> None:
    with PartWriter(tmp_path) as out:
        out.write_plain(["a,b", "c,d"], 2)
        assert out.take() == 3
        out.write(5, ["x,y", 'say "hi"'])
        assert not out.multiline
        out.write_all([(6, ["two\nlines", ""]), (8, ["a\rb", "æ"])])
    assert out.multiline
    assert (out.number, len(out.parts)) == (6, 1)
    assert read(out.parts) == [
        ["1", "2", "a", "b"], ["2", "3", "c", "d"], ["4", "5", "x,y", 'say "hi"'], ["5", "6", "two\nlines", ""],
        ["6", "8", "a\rb", "æ"],
    ]  # fmt: skip


@pytest.mark.parametrize("part_bytes", [1, 40, 100, 1000])
def test_parts_end_to_end_are_the_one_part(tmp_path: Path, part_bytes: int) -> None:
    def write(folder: Path, limit: int | None) -> PartWriter:
        folder.mkdir()
        with PartWriter(folder, limit, delimiter="\t") as out:
            for turn in range(5):
                out.write_plain([f"{turn}\tø{number}" for number in range(7)], turn * 10)
                out.write(turn * 10 + 8, ["a\nb", "c"])
        return out

    whole, cut = write(tmp_path / "whole", None), write(tmp_path / "cut", part_bytes)
    assert b"".join(path.read_bytes() for path in cut.parts) == whole.parts[0].read_bytes()
    assert (len(whole.parts), len(cut.parts) > 1) == (1, part_bytes < 1000)
    assert all(path.stat().st_size >= part_bytes for path in cut.parts[:-1])
    assert read(cut.parts, "\t") == read(whole.parts, "\t")


def test_half_a_surrogate_pair_does_not_end_the_file(tmp_path: Path) -> None:
    with PartWriter(tmp_path) as out:
        out.write(1, ["\ud800"])
    assert read(out.parts) == [["1", "1", "?"]]


@pytest.mark.parametrize("delimiter", ["", "||", '"', "\n"])
def test_what_cannot_separate_is_refused(tmp_path: Path, delimiter: str) -> None:
    with pytest.raises(ValueError, match="one character"):
        PartWriter(tmp_path, delimiter=delimiter)
