"""Delimiter and header: found among titles, blank lines and values."""

from __future__ import annotations

from pathlib import Path

import pytest

from opscopilot.staging.reading.delimited import DelimitedTable, open_text
from opscopilot.staging.reading.sniffing import Sample, sniff
from opscopilot.staging.refusal import Refused


def opened(folder: Path, text: str, wanted: frozenset[str] = frozenset()) -> DelimitedTable:
    """What is found out about the text."""
    path = folder / "text"
    path.write_text(text, encoding="utf-8", newline="")
    (table,) = open_text(path, "x.csv", wanted)
    assert isinstance(table, DelimitedTable)
    return table


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["a,b,c", "1,2,3"], ","), (["a;b;c", "1,5;2,5;3,5"], ";"), (["a\tb", "1\t2"], "\t"), (["a|b", "1|2"], "|"),
        (["a+|b+|c", "1+|2+|3"], "+|"), (['a,b', '"x;y;z",2', '"x;y;z",3'], ","), (["title", "", "a;b", "1;2", "3;4"], ";"),
        (["Name;Amount", "Smith, John;1", "Doe, Jane;2"], ";"), (["abc", "def"], None),
    ],
)  # fmt: skip
def test_delimiter(lines: list[str], delimiter: str | None) -> None:
    shape = sniff(Sample("\n".join(lines), "\n"))
    assert (shape.layout.delimiter if shape else None) == delimiter


def test_the_header_is_found_under_titles_and_blank_lines(tmp_path: Path) -> None:
    found = opened(tmp_path, "Stock list;;;\nAs of 30.09.2026;;;\n;;;\nItem No.;Location;Bestand;Einheit\n1;WH;5;kg\n")
    assert found.headers == ("Item No.", "Location", "Bestand", "Einheit")
    assert (found.header_row, found.body_row) == (4, 5)
    assert found.preamble[0] == "Stock list;;;"


def test_a_stated_separator_and_a_header_of_two_lines(tmp_path: Path) -> None:
    found = opened(tmp_path, 'sep=;\nItem No.;"Quantity\non hand"\n1;5\n')
    assert found.headers == ("Item No.", "Quantity on hand")
    assert (found.header_row, found.body_row) == (2, 4)


def test_unknown_names_are_a_header_too(tmp_path: Path) -> None:
    assert opened(tmp_path, "Foo;Bar;Baz\n1;2;3\n4;5;6\n").headers == ("Foo", "Bar", "Baz")


def test_what_the_mapping_expects_is_the_header(tmp_path: Path) -> None:
    text = "Item;Code\nfoo;bar\nzork;blub\n1;2\n"
    assert opened(tmp_path, text, frozenset({"zork", "blub"})).header_row == 3


def test_trailing_separators_of_the_header_have_no_name(tmp_path: Path) -> None:
    found = opened(tmp_path, "SKU,Description,,\n1,x,,\n")
    assert found.headers == ("SKU", "Description", "", "")


def test_no_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        opened(tmp_path, "just words\nand more\n")
    assert caught.value.code == "not_a_table"


def test_without_a_header_columns_are_numbered_and_the_first_record_kept(tmp_path: Path) -> None:
    found = opened(tmp_path, "1;2;3\n4;5;6\n")
    assert (found.headers, found.header_row) == (("column 1", "column 2", "column 3"), 0)
    assert found.sample == (("1", "2", "3"), ("4", "5", "6"))
    assert [note.code for note in found.notes] == ["no_header"]
