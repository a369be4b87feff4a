"""Delimiter and header: found among titles, blank lines and values."""

from __future__ import annotations

from pathlib import Path

import pytest

from opscopilot.staging.reading.dialect import Dialect, delimiter_of, detect
from opscopilot.staging.reading.unpack import probe
from opscopilot.staging.refusal import Refused


def dialect(folder: Path, text: str, wanted: frozenset[str] = frozenset()) -> Dialect:
    """What is found out about the text."""
    path = folder / "text"
    path.write_text(text, encoding="utf-8", newline="")
    return detect(probe(path, "x.csv"), "x.csv", wanted)


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["a,b,c", "1,2,3"], ","), (["a;b;c", "1,5;2,5;3,5"], ";"), (["a\tb", "1\t2"], "\t"), (["a|b", "1|2"], "|"),
        (["a+|b+|c", "1+|2+|3"], "+|"), (['a,b', '"x;y;z",2', '"x;y;z",3'], ","), (["title", "", "a;b", "1;2", "3;4"], ";"),
        (["Name;Amount", "Smith, John;1", "Doe, Jane;2"], ";"), (["abc", "def"], None),
    ],
)  # fmt: skip
def test_delimiter(lines: list[str], delimiter: str | None) -> None:
    assert delimiter_of(lines) == delimiter


def test_the_header_is_found_under_titles_and_blank_lines(tmp_path: Path) -> None:
    found = dialect(tmp_path, "Stock list;;;\nAs of 30.09.2026;;;\n;;;\nItem No.;Location;Bestand;Einheit\n1;WH;5;kg\n")
    assert found.headers == ("Item No.", "Location", "Bestand", "Einheit")
    assert (found.header_row, found.body_row) == (4, 5)
    assert found.preamble[0] == "Stock list;;;"


def test_a_stated_separator_and_a_header_of_two_lines(tmp_path: Path) -> None:
    found = dialect(tmp_path, 'sep=;\nItem No.;"Quantity\non hand"\n1;5\n')
    assert found.headers == ("Item No.", "Quantity on hand")
    assert (found.header_row, found.body_row) == (2, 4)


def test_unknown_names_are_a_header_too(tmp_path: Path) -> None:
    assert dialect(tmp_path, "Foo;Bar;Baz\n1;2;3\n4;5;6\n").headers == ("Foo", "Bar", "Baz")


def test_what_the_mapping_expects_is_the_header(tmp_path: Path) -> None:
    text = "Item;Code\nfoo;bar\nzork;blub\n1;2\n"
    assert dialect(tmp_path, text, frozenset({"zork", "blub"})).header_row == 3


def test_trailing_separators_of_the_header_have_no_name(tmp_path: Path) -> None:
    found = dialect(tmp_path, "SKU,Description,,\n1,x,,\n")
    assert (found.width, found.named) == (4, 2)


@pytest.mark.parametrize(("text", "code"), [("just words\nand more\n", "not_a_table"), ("1;2;3\n4;5;6\n", "no_header")])
def test_no_columns_and_no_header_are_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        dialect(tmp_path, text)
    assert caught.value.code == code
