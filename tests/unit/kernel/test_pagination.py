"""Cursors: opaque, reversible, and harmless whatever somebody sends."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.ids import uuid7
from opscopilot.kernel.pagination import Page, cut, decode_cursor, encode_cursor, page

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
KEYS = st.lists(st.none() | st.booleans() | st.integers() | TEXT)


def raw(text: str | bytes) -> str:
    """Any bytes as a cursor."""
    data = text.encode() if isinstance(text, str) else text
    return base64.urlsafe_b64encode(data).decode()


@settings(deadline=None)
@given(KEYS)
def test_p87_what_was_encoded_comes_back(keys: list[Any]) -> None:
    assert decode_cursor(encode_cursor(keys), len(keys)) == keys


def test_p87_a_cursor_can_stand_in_a_url_as_it_is() -> None:
    cursor = encode_cursor(["ÆØÅ?&=/+ " * 5, str(uuid7())])
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?% ")


HOSTILE = {
    "nothing": "", "not base64": "!!!", "letters of another script": "йцук", "half a group": "A",
    "bytes": raw(b"\xff\xfe"), "no json": raw("hello"), "an object": raw("{}"), "a number": raw("7"),
    "null": raw("null"), "too few": raw('["a"]'), "too many": raw('["a","b","c"]'), "a list inside": raw('["a",["b"]]'),
    "an object inside": raw('["a",{"b":1}]'), "not a number": raw('["a",NaN]'), "infinity": raw('[Infinity,"b"]'),
    "a huge integer": raw("[1," + "9" * 5000 + "]"), "deep nesting": raw("[" * 100_000),
    "a zero byte": raw('["a\\u0000","b"]'), "half a surrogate": raw('["a\\ud800","b"]'), "half a text": raw('["a","b'),
    "padding first": "====", "zero bytes": "\0\0\0\0", "very long": "A" * 1_000_000,
}  # fmt: skip


@pytest.mark.parametrize("cursor", HOSTILE.values(), ids=HOSTILE.keys())
def test_p87_a_cursor_that_is_not_ours_is_refused_in_words(cursor: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        decode_cursor(cursor, 2)
    assert caught.value.field == "cursor"
    assert "next_cursor" in (caught.value.expected or "")


@settings(deadline=None)
@given(st.text() | st.binary().map(raw), st.integers(0, 4))
def test_p87_no_text_gets_anything_but_scalars_or_a_refusal(cursor: str, length: int) -> None:
    try:
        keys = decode_cursor(cursor, length)
    except ValidationFailed:
        return
    assert len(keys) == length
    assert all(one is None or isinstance(one, str | int | float) for one in keys)
    json.dumps(keys, allow_nan=False).encode()


def test_p87_the_last_page_has_no_cursor_and_the_total_counts_the_filter() -> None:
    page = Page[int](items=[1, 2], total=250)
    assert page.model_dump() == {"items": [1, 2], "next_cursor": None, "total": 250}


ROWS: list[dict[str, Any]] = [{"code": code, "n": n} for n, code in enumerate(("A", "B", None, "D"))]


def test_p87_a_page_is_followed_by_the_place_of_its_last_row() -> None:
    """One row more was read than the page holds: it says that there is a next page, and is not shown."""
    found = page(ROWS[:3], 2, 4, ("code", "n"), lambda row: str(row["code"]))
    assert (found.items, found.total) == (["A", "B"], 4)
    assert decode_cursor(found.next_cursor or "", 2) == ["B", 1]
    assert page(ROWS[:2], 2, 4, ("code", "n"), dict).next_cursor is None
    assert page([], 2, 0, ("code",), dict) == Page(items=[], total=0)


def test_p87_a_sort_key_that_is_null_stands_as_the_empty_text() -> None:
    kept, following = cut(ROWS, 3, "code", "n")
    assert kept == ROWS[:3]
    assert decode_cursor(following or "", 2) == ["", 2]
