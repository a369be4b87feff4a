"""Records out of lines: quoting, quoted line breaks, and stray quotation marks that cost one record at most."""

from __future__ import annotations

import pytest

from opscopilot.staging.reading.layout import Layout
from opscopilot.staging.reading.scanner import MAX_LINES, Record, Run, Scanner, split_loosely


def scan(text: str, delimiter: str = ",", width: int | None = None, pieces: int = 1) -> list[Run | Record]:
    """What is read, the text given in so many pieces."""
    lines = text.removesuffix("\n").split("\n")
    size = -(-len(lines) // pieces)
    blocks = ["\n".join(lines[at : at + size]) for at in range(0, len(lines), size)]
    sign = "" if len(delimiter) == 1 else "\x1f"
    layout = Layout(delimiter, sign=sign, usual=width or 0)
    return list(Scanner(map(layout.into, blocks), layout, width))


def cells(text: str, delimiter: str = ",", width: int | None = None) -> list[list[str]]:
    """All records as cells."""
    found = []
    for one in scan(text, delimiter, width):
        if isinstance(one, Run):
            for index, line in enumerate(one.lines):
                (record,) = scan(line, delimiter)
                assert isinstance(record, Record)
                assert scan(line, delimiter, width) == [Run(1, [line])], index
                found.append(record.cells)
        else:
            found.append(one.cells)
    return found


def test_plain_lines_keep_their_physical_numbers() -> None:
    assert scan("a,b\r\n\nc,d\n", width=2) == [Run(1, ["a,b"]), Record(2, "", [""]), Run(3, ["c,d"])]


@pytest.mark.parametrize("pieces", [1, 2, 3, 4])
def test_a_quoted_field_may_hold_separators_quotes_and_line_breaks(pieces: int) -> None:
    text = 'id,note\n1,"two\nlines, one ""quote"""\n2,plain\n'
    assert scan(text, width=2, pieces=pieces) == [
        Run(1, ["id,note"]), Record(2, '1,"two\nlines, one ""quote"""', ["1", 'two\nlines, one "quote"']),
        Run(4, ["2,plain"]),
    ]  # fmt: skip


def test_quoted_lines_that_can_be_copied_stay_in_their_run() -> None:
    lines = ["1,a,b", '"2","a, b","c"', '3,"x",y', "4,c,d"]
    assert scan("\n".join(lines), width=3) == [Run(1, lines)]


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
    broken, rest = scan(text, width=3)
    assert isinstance(broken, Record)
    assert broken.broken
    assert rest == Run(2, ["2,y,4", '3,"z, z",5', "4,w,6"])


def test_a_mark_that_never_closes_in_a_long_file_is_given_up_after_some_lines() -> None:
    lines = ['0,"open', *(f"{number},x" for number in range(1, 3 * MAX_LINES))]
    broken, *runs = scan("\n".join(lines), width=2, pieces=7)
    assert broken == Record(1, '0,"open', ["0", '"open'], broken=True)
    assert [line for run in runs if isinstance(run, Run) for line in run.lines] == lines[1:]
    assert next(run.row for run in runs) == 2


def test_where_commas_do_not_separate_a_mark_is_a_mark() -> None:
    assert cells('1\t"Big\t3\n', "\t", 3) == [["1", '"Big', "3"]]
    assert cells('1+|"Big" Bar+|3\n', "+|", 3) == [["1", '"Big" Bar', "3"]]


def test_split_loosely_gives_up_where_a_mark_stays_open() -> None:
    assert split_loosely('1,"open,3', ",") is None
    assert split_loosely("", ",") == [""]
    assert split_loosely("a,", ",") == ["a", ""]
