"""Records out of lines: quoting, quoted line breaks, and stray quotation marks that cost one record at most."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.staging.reading.records import MAX_LINES, Reader, split_loosely


def cells(text: str, delimiter: str = ",", width: int | None = None) -> list[list[str]]:
    """All records as cells."""
    return [
        one.text.split(delimiter) if one.cells is None else one.cells
        for one in Reader(io.StringIO(text, newline="\n"), delimiter, width)
    ]


def test_plain_lines_keep_their_physical_numbers() -> None:
    found = list(Reader(["a,b\r\n", "\n", "c,d\n"], ",", 2))
    assert [(one.row, one.text, one.cells) for one in found] == [(1, "a,b", None), (2, "", [""]), (3, "c,d", None)]


def test_a_quoted_field_may_hold_separators_quotes_and_line_breaks() -> None:
    text = 'id,note\n1,"two\nlines, one ""quote"""\n2,plain\n'
    found = list(Reader(io.StringIO(text), ",", 2))
    assert [one.cells for one in found] == [None, ["1", 'two\nlines, one "quote"'], None]
    assert [one.row for one in found] == [1, 2, 4]


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ('1,"5/8" bolt",3', ["1", '5/8" bolt', "3"]),
        ('1,5/8" bolt,3', ["1", '5/8" bolt', "3"]),
        ('1, "a, b" ,3', ["1", "a, b", "3"]),
        ('1,"a""b",3', ["1", 'a"b', "3"]),
        ('1,"",3', ["1", "", "3"]),
    ],
)
def test_marks_inside_a_field_are_part_of_it(line: str, read: list[str]) -> None:
    assert cells(line + "\n", width=3) == [read]


def test_a_mark_that_never_closes_costs_its_own_line_only() -> None:
    text = '1,"x,3\n2,y,4\n3,"z, z",5\n4,w,6\n'
    found = list(Reader(io.StringIO(text), ",", 3))
    assert [one.broken for one in found] == [True, False, False, False]
    assert found[2].cells == ["3", "z, z", "5"]


def test_a_mark_that_never_closes_in_a_long_file_is_given_up_after_some_lines() -> None:
    lines = ['0,"open\n', *(f"{number},x\n" for number in range(1, 3 * MAX_LINES))]
    found = list(Reader(lines, ",", 2))
    assert [one.broken for one in found] == [True, *[False] * (3 * MAX_LINES - 1)]
    assert [one.row for one in found] == list(range(1, 3 * MAX_LINES + 1))


def test_where_commas_do_not_separate_a_mark_is_a_mark() -> None:
    assert cells('1\t"Big\t3\n', "\t", 3) == [["1", '"Big', "3"]]
    assert cells('1+|"Big" Bar+|3\n', "+|", 3) == [["1", '"Big" Bar', "3"]]


def test_split_loosely_gives_up_where_a_mark_stays_open() -> None:
    assert split_loosely('1,"open,3', ",") is None
    assert split_loosely("", ",") == [""]
    assert split_loosely("a,", ",") == ["a", ""]


WORD = st.text(alphabet="abcXYZ019äß", min_size=1, max_size=6)
INNER = st.sampled_from(["", " ", ", ", "\n", ' " ', "; "])
VALUE = st.builds(lambda first, inner, last: first + inner + last, WORD, INNER, WORD)
TABLE = st.lists(st.tuples(WORD, VALUE, VALUE), min_size=2, max_size=12)


@given(TABLE, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
@settings(max_examples=150, deadline=None)
def test_any_well_formed_table_is_read_back_the_same(
    table: list[tuple[str, str, str]], delimiter: str, quoting: int
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=quoting).writerows(table)  # type: ignore[arg-type]
    assert cells(text.getvalue(), delimiter, 3) == [list(row) for row in table]


@given(TABLE, st.sampled_from([",", ";"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.data())
@settings(max_examples=400, deadline=None)
def test_a_stray_mark_anywhere_costs_at_most_one_record(
    table: list[tuple[str, str, str]], delimiter: str, quoting: int, data: st.DataObject
) -> None:
    """However a single quotation mark gets into a file, every record but the one it hit is read as it was."""
    lines: list[str] = []
    for row in table:
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=quoting).writerow(row)  # type: ignore[arg-type]
        lines.append(text.getvalue())
    hit = data.draw(st.integers(0, len(lines) - 1))
    at = data.draw(st.integers(0, len(lines[hit]) - 1))
    damaged = [*lines[:hit], lines[hit][:at] + '"' + lines[hit][at:], *lines[hit + 1 :]]
    found = [row for row in cells("".join(damaged), delimiter, 3) if len(row) == 3]
    expected = [list(row) for index, row in enumerate(table) if index != hit]
    missing = [row for row in expected if row not in found or found.count(row) < expected.count(row)]
    assert missing == []
