"""What holds for every delimited file: tables come back as they were written, a stray mark costs one record."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from opscopilot.staging.reading.api import read_table
from opscopilot.staging.reading.layout import Layout
from opscopilot.staging.reading.pouring import Pouring
from opscopilot.staging.reading.scanner import Scanner
from opscopilot.staging.reading.table import Prepared

HEADERS = ("SKU", "Description", "Qty", "Requested date")
QUICK = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
ANY = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
WRITING = st.text(st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn")), max_size=12)
TRICKY = st.text(st.sampled_from("ab ,;|\t\"'\\\r\n\x1e~+^:=-Ωé€"), max_size=10)
DELIMITERS = st.sampled_from([",", ";", "\t", "|", ":", "^", "~", "\x01", "\x1f", "§", "||", "+|", "~|~", "::", ", "])
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\x1e"])


def dialects(delimiters: st.SearchStrategy[str] = DELIMITERS) -> st.SearchStrategy[Layout]:
    """Ways to write a table."""
    return st.builds(
        Layout, delimiter=delimiters, quote=st.sampled_from(['"', '"', "'"]), escape=st.sampled_from(["", "", "\\"]),
        newline=ENDS,
    )  # fmt: skip


def written(rows: Sequence[Sequence[str]], layout: Layout, quoting: str = "needed") -> str:
    """The rows as text, every cell quoted or only where needed."""

    def cell(text: str) -> str:
        special = (layout.delimiter[0], layout.delimiter[-1], layout.quote, "\r", "\n", layout.newline, '"', "'", "`")
        if (
            quoting == "needed"
            and not any(one in text for one in special)
            and "\\" not in text
            and text == text.strip()
        ):
            return text
        if layout.escape:
            text = text.replace("\\", "\\\\").replace(layout.quote, "\\" + layout.quote)
        else:
            text = text.replace(layout.quote, layout.quote * 2)
        return layout.quote + text + layout.quote

    return layout.newline.join(layout.delimiter.join(map(cell, row)) for row in rows) + layout.newline


def poured(text: str, layout: Layout, width: int, part_bytes: int | None = None) -> tuple[Prepared, list[list[str]]]:
    """What reading with a known layout gives: source row and cells of each record."""
    layout = replace(layout, usual=width)
    with tempfile.TemporaryDirectory() as folder:
        headers = tuple(f"header {index}" for index in range(width))
        pieces = [layout.into(text.removesuffix(layout.newline))]
        found = Pouring(layout, headers, Path(folder), part_bytes).run(Scanner(pieces, layout, width), untidy=True)
        rows: list[list[str]] = []
        for path in found.parts:
            with path.open(encoding="utf-8", newline="") as stream:
                rows += list(csv.reader(stream, delimiter=found.delimiter, strict=True))
        return found, [row[2:] for row in rows]


def with_sign(layout: Layout) -> Layout:
    """The layout as sniffing would complete it."""
    plain = layout.delimiter in ",;\t|"
    return Layout(layout.delimiter, layout.quote, layout.escape, layout.newline, "" if plain else "\ue123")


@QUICK
@given(
    st.lists(st.tuples(ANY | TRICKY, ANY | TRICKY), min_size=1, max_size=8),
    dialects(),
    st.sampled_from(["all", "needed"]),
)
def test_any_text_written_in_a_known_layout_is_read_back_the_same(
    cells: list[tuple[str, str]], layout: Layout, quoting: str
) -> None:
    assume("\ue123" not in "".join("".join(pair) for pair in cells))
    layout = with_sign(layout)
    rows = [[f"id{number}", *pair] for number, pair in enumerate(cells)]
    found, read = poured(written(rows, layout, quoting), layout, 3)
    assert read == rows
    assert found.rejected == 0


def opened(text: str) -> list[list[str]]:
    """Everything from bytes to cells, header included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(text.encode())
        table = read_table(path)
        assert not table.odd
        return [table.headers, *table.rows]


@QUICK
@given(st.lists(WRITING | TRICKY, min_size=4, max_size=12), dialects(), st.sampled_from(["all", "needed"]))
def test_a_table_is_found_out_and_read_back_the_same_whatever_its_layout(
    texts: list[str], layout: Layout, quoting: str
) -> None:
    assume(quoting == "all" or layout.quote == '"')  # one mark of a rare kind proves nothing
    texts = [f"a {layout.quote}b{layout.quote} c", *texts]  # nor does one backslash
    rows = [
        list(HEADERS), *([f"SKU-{number:04d}", text, f"{number * 7}.5", f"2026-01-{number + 1:02d}"]
                         for number, text in enumerate(texts))
    ]  # fmt: skip
    assert opened(written(rows, layout, quoting)) == rows


WORDS = st.lists(
    st.sampled_from(["ab", "x", "Öl", "12", "5,5", "a\nb", "a\r\nb", 'say "hi" to', "one, two", "-", '5/8"']),
    max_size=3,
)
NATURAL = WORDS.map(" ".join)
RECORDS = st.lists(st.lists(NATURAL, min_size=2, max_size=2), min_size=2, max_size=9)


def numbered(cells: Sequence[Sequence[str]]) -> list[list[str]]:
    """The cells with a code before them."""
    return [[f"id{number}", *one] for number, one in enumerate(cells)]


@settings(QUICK, max_examples=250)
@given(RECORDS, st.sampled_from(["all", "needed"]), st.integers(0, 10_000), st.sampled_from([",", ";", "\t"]))
@example([["x", "y"], ["x", "\nfoo"], ["x", "y"]], "needed", 6, ",")
def test_a_stray_mark_costs_at_most_the_record_it_is_in(
    cells: list[list[str]], quoting: str, place: int, delimiter: str
) -> None:
    layout = Layout(delimiter)
    rows = numbered(cells)
    pieces = [written([row], layout, quoting) for row in rows]
    text = "".join(pieces)
    place %= len(text)
    spoilt = text[:place] + '"' + text[place:]
    hit = next(index for index in range(len(pieces)) if place < sum(map(len, pieces[: index + 1])))
    _, read = poured(spoilt, layout, 3)
    others = [row for index, row in enumerate(rows) if index != hit]
    assert [row for row in read if row in others] == others
    assert len(read) <= len(rows) + 1


@QUICK
@given(RECORDS, st.sampled_from(["all", "needed"]), st.integers(1, 80), st.one_of(st.none(), st.integers(0, 10_000)))
def test_parts_end_to_end_are_what_one_part_would_have_been(
    cells: list[list[str]], quoting: str, part_bytes: int, stray: int | None
) -> None:
    text = written(numbered(cells), Layout(), quoting)
    if stray is not None:
        text = text[: stray % len(text)] + '"' + text[stray % len(text) :]
    whole, rows = poured(text, Layout(), 3)
    parted, again = poured(text, Layout(), 3, part_bytes)
    assert (again, parted.records, parted.rejected) == (rows, whole.records, whole.rejected)
    assert len(parted.parts) >= len(whole.parts)
