"""JSON of every shape: lists, wrappers of APIs, orders with lines, records per line, damaged and hostile files."""

from __future__ import annotations

import json
from typing import Any

from tests.corpus.cases import Case, case

_T = [("sku", "qty"), ("007", "12.50"), ("008", "3")]
_R: list[dict[str, Any]] = [{"sku": "007", "qty": "12.50"}, {"sku": "008", "qty": 3}]
_BODY = '[{"sku": "007", "qty": 12.50}, {"sku": "008", "qty": 3}]'
_ORDERS = (
    '[{"order_number": "W1", "customer": {"code": "0010"}, "lines": [{"sku": "007", "qty": 3}, {"sku": "008", "qty": 4}]},'
    ' {"order_number": "W2", "customer": {"code": "0011"}, "lines": [{"sku": "007", "qty": 1.50}]}]'
)
_LINES = [
    ("order_number", "customer.code", "sku", "qty"), ("W1", "0010", "007", "3"), ("W1", "0010", "008", "4"),
    ("W2", "0011", "007", "1.50"),
]  # fmt: skip


def _in(wrapping: str) -> str:
    """The records inside a wrapping, where it says §."""
    return wrapping.replace("§", _BODY)


def _deep(levels: int) -> str:
    return '[{"sku": "1", "x": ' + '{"a": ' * levels + "1" + "}" * levels + "}]"


SHAPES = [
    case("list of objects", _BODY, _T),
    case("list over many lines", json.dumps(_R, indent=4), _T),
    case("one object", '{"sku": "007", "qty": 12.50}', _T[:2]),
    case("one object in a list", '[{"sku": "007", "qty": 12.50}]', _T[:2]),
    case("objects in objects", '[{"sku": "1", "size": {"length": 2, "unit": {"code": "mm"}}}]',
         [("sku", "size.length", "size.unit.code"), ("1", "2", "mm")]),
    case("one object with objects", '{"sku": "1", "size": {"length": 2}}', [("sku", "size.length"), ("1", "2")]),
    case("different fields", '[{"a": 1}, {"b": 2}, {"a": 3, "b": 4}]', [("a", "b"), ("1", ""), ("", "2"), ("3", "4")]),
    case("list of lists with names", '[["sku", "qty"], ["007", 12.50], ["008", 3]]', _T),
    case("columns and rows", '{"columns": ["sku", "qty"], "rows": [["007", 12.50], ["008", 3]]}', _T),
    case("columns, index and data", '{"columns": ["sku", "qty"], "index": [0, 1], "data": [["007", 12.50], ["008", 3]]}', _T),
    case("lists as columns", '{"sku": ["007", "008"], "qty": [12.50, 3]}', _T),
    case("several documents after another", '{"sku": "007", "qty": 12.50}\n{\n"sku": "008",\n"qty": 3}', _T),
    case("several documents without line breaks", '{"sku": "007", "qty": 12.50}{"sku": "008", "qty": 3}', _T),
    case("several lists", '{"items": [{"sku": "007", "qty": 12.50}, {"sku": "008", "qty": 3}], "customers": [{"code": "0010"}]}', _T,
         more=[[("code",), ("0010",)]]),
]  # fmt: skip

WRAPPED = [
    case("data", _in('{"data": §}'), _T),
    case("data and pages", _in('{"data": §, "total": 2, "page": 1, "next": "https://x/2"}'), _T),
    case("data and status", _in('{"status": "ok", "success": true, "data": §}'), _T),
    case("OData v4", _in('{"@odata.context": "https://x/$metadata#Items", "@odata.count": 2, "value": §}'), _T),
    case("OData v4, annotated", '{"value": [{"@odata.etag": "W/1", "sku": "007", "qty": 1, "price@odata.type": "#Decimal"}]}',
         [("sku", "qty"), ("007", "1")]),
    case("OData v2", _in('{"d": {"results": §, "__count": "2"}}'), _T),
    case("OData v2, a bare list", _in('{"d": §}'), _T),
    case("OData v2, about each", '{"d": {"results": [{"__metadata": {"uri": "x", "type": "y"}, "sku": "007", '
         '"to_Plant": {"__deferred": {"uri": "z"}}}]}}', [("sku",), ("007",)]),
    case("OData v2, one record", '{"d": {"__metadata": {"uri": "x"}, "sku": "007", "qty": 12.50}}', _T[:2]),
    case("OData v2, expanded", '{"d": {"results": [{"order": "1", "to_Item": {"results": [{"sku": "a"}, {"sku": "b"}]}}]}}',
         [("order", "sku"), ("1", "a"), ("1", "b")]),
    case("OData v2, days", '{"d": [{"sku": "1", "day": "/Date(1767571200000)/"}]}',
         [("sku", "day"), ("1", "2026-01-05 00:00:00")]),
    case("Shopify", _ORDERS.join(('{"orders": ', "}")), _LINES),
    case("CKAN, Odoo", _in('{"jsonrpc": "2.0", "id": 7, "result": {"records": §, "length": 2}}'), _T),
    case("GraphQL", '{"data": {"items": {"edges": [{"node": {"sku": "007", "qty": 12.50}}, {"cursor": "x", "node": '
         '{"sku": "008", "qty": 3}}], "pageInfo": {"hasNextPage": false}}}}', _T),
    case("a plant around its items", _in('{"plant": "P1", "items": §}'),
         [("plant", *_T[0]), ("P1", *_T[1]), ("P1", *_T[2])]),
    case("an empty list", "[]", refused="no_rows"),
    case("an empty list in a wrapper", '{"value": []}', refused="no_rows"),
    case("an empty object", "{}", refused="no_rows"),
]  # fmt: skip

NESTED = [
    case("orders with lines", _ORDERS, _LINES),
    case("one order with lines", '{"order_number": "W1", "customer": {"code": "0010"}, "lines": [{"sku": "007", "qty": 3}]}',
         _LINES[:2]),
    case("a field that order and line have", '[{"qty": 7, "lines": [{"sku": "a", "qty": 3}, {"sku": "b", "qty": 4}]}]',
         [("qty", "sku", "lines.qty"), ("7", "a", "3"), ("7", "b", "4")]),
    case("one order with a field its line has", '{"order": "1", "qty": 7, "lines": [{"sku": "a", "qty": 3}]}',
         [("order", "qty", "sku", "lines.qty"), ("1", "7", "a", "3")]),
    case("an order without lines", '[{"no": "1", "lines": [{"sku": "a"}]}, {"no": "2", "lines": []}, {"no": "3"}]',
         [("no", "sku"), ("1", "a"), ("2", ""), ("3", "")]),
    case("two lists in each order", '[{"no": "1", "lines": [{"sku": "a"}, {"sku": "b"}], "notes": [{"text": "x"}]}]',
         [("no", "notes", "sku"), ("1", '[{"text": "x"}]', "a"), ("1", '[{"text": "x"}]', "b")], notes=["list_kept"]),
    case("lists in lines", '[{"no": "1", "lines": [{"sku": "a", "lots": [{"lot": "L1"}]}]}]',
         [("no", "sku", "lots"), ("1", "a", '[{"lot": "L1"}]')]),
    case("lists of values", '[{"sku": "1", "tags": ["a", "b", 3]}]', [("sku", "tags"), ("1", "a, b, 3")]),
    case("an empty list in each", '[{"sku": "1", "tags": []}, {"sku": "2", "tags": ["x"]}]',
         [("sku", "tags"), ("1", ""), ("2", "x")]),
    case("Odoo's links and its false", '[{"name": "SO1", "partner_id": [7, "Wood Corner"], "note": false}, {"name": "SO2", '
         '"partner_id": [8, "Azure"], "note": "x"}]', [("name", "partner_id", "partner_id/id", "note"),
         ("SO1", "Wood Corner", "7", ""), ("SO2", "Azure", "8", "x")]),
]  # fmt: skip

VALUES = [
    case("numbers as they are written", '[{"a": 1.10, "b": 1e3, "c": 12345678901234567890123, "d": 0.1, "e": -0.50, "f": 1.5E-7}]',
         [tuple("abcdef"), ("1.10", "1000", "12345678901234567890123", "0.1", "-0.50", "0.00000015")]),
    case("numbers no decimal holds", '[{"a": 1e999999999, "b": 2}]', [("a", "b"), ("1E+999999999", "2")]),
    case("codes with zeros", '[{"sku": "0012", "ean": 4006381333931}]', [("sku", "ean"), ("0012", "4006381333931")]),
    case("yes, no and nothing", '[{"a": true, "b": false, "c": null}]', [("a", "b", "c"), ("true", "false", "")]),
    case("no numbers", '[{"a": NaN, "b": Infinity, "c": -Infinity, "d": "NaN"}]',
         [tuple("abcd"), ("NaN", "Infinity", "-Infinity", "NaN")]),
    case("escapes", r'[{"a": "x\ty\u00e9\ud83d\ude00", "b": "say \"hi\", c:\\x", "c": "two\nlines"}]',
         [("a", "b", "c"), ("x\tyé😀", 'say "hi", c:\\x', "two\nlines")]),
    case("half a sign", r'[{"a": "x\ud83d", "b": "1"}]', [("a", "b"), ("x?", "1")]),
    case("a zero sign", r'[{"a": "x\u0000y"}]', [("a",), ("xy",)]),
    case("names as they are", '[{"SKU no.": 1, "Menge (kg)": 2}]', [("SKU no.", "Menge (kg)"), ("1", "2")]),
    case("a name twice, the same value", '[{"a": 1, "a": 1}]', [("a",), ("1",)]),
    case("a name twice, two values", '[{"a": 1, "b": 1}, {"a": 1, "a": 2}, {"a": 3, "b": 4}]',
         [("a", "b"), ("1", "1"), ("3", "4")], odd=[2]),
    case("a name twice in a line", '[{"n": 1, "l": [{"q": 1, "q": 2}]}, {"n": 2, "l": [{"q": 5}]}]',
         [("n", "q"), ("2", "5")], odd=[1]),
    case("values between objects", '[{"a": 1}, 7, null, {"a": 2}]', [("a",), ("1",), ("2",)], odd=[2, 3]),
    case("a text too long for a cell", '[{"a": "1"}, {"a": "' + "x" * 2_000_000 + '"}]', [("a",), ("1",)], odd=[2]),
]  # fmt: skip

ENCODED = [
    case("a mark at the start", b"\xef\xbb\xbf" + _BODY.encode(), _T),
    case("UTF-16", _BODY, _T, encoding="utf-16"),
    case("UTF-16 without a mark", _BODY, _T, encoding="utf-16-le"),
    case("UTF-16, the other way round", _BODY, _T, encoding="utf-16-be"),
    case("an old code page", '[{"name": "Käse"}]', [("name",), ("Käse",)], encoding="cp1252"),
]

PER_LINE = [
    case("lines: records", '{"sku": "007", "qty": 12.50}\n{"sku": "008", "qty": 3}\n', _T),
    case("lines: one record", '{"sku": "007", "qty": 12.50}', _T[:2]),
    case("lines: Windows ends, blank lines", '{"sku": "007", "qty": 12.50}\r\n\r\n{"sku": "008", "qty": 3}\r\n\r\n', _T),
    case("lines: a mark at the start", '\ufeff{"sku": "007", "qty": 12.50}\n{"sku": "008", "qty": 3}\n', _T),
    case("lines: UTF-16", '{"sku": "007", "qty": 12.50}\n{"sku": "008", "qty": 3}\n', _T, encoding="utf-16"),
    case("lines: a bad one", '{"sku": "007", "qty": 12.50}\n{"sku": oops}\n{"sku": "008", "qty": 3}\n', _T, odd=[2]),
    case("lines: no objects", '{"sku": "007", "qty": 12.50}\n17\n{"sku": "008", "qty": 3}\n[1]\n', _T, odd=[2, 4]),
    case("lines: cut off", '{"sku": "007", "qty": 12.50}\n{"sku": "008", "qty": 3}\n{"sku": "00', _T, odd=[3]),
    case("lines: cut off inside a sign", '{"a": "Käse"}\n{"a": "é'.encode()[:-1], [("a",), ("Käse",)], odd=[2]),
    case("lines: numbers", '{"a": 1.10, "b": NaN}\n{"a": 1e3, "b": 12345678901234567890123}\n',
         [("a", "b"), ("1.10", "NaN"), ("1000", "12345678901234567890123")]),
    case("lines: a name twice", '{"a": 1}\n{"a": 1, "a": 2}\n{"a": 3, "a": 3}\n', [("a",), ("1",), ("3",)], odd=[2]),
    case("lines: too deep", '{"a": 1}\n{"a": ' + "[" * 3000 + "]" * 3000 + '}\n{"a": 2}\n', [("a",), ("1",), ("2",)], odd=[2]),
    case("lines: orders", "\n".join(json.dumps(one) for one in json.loads(_ORDERS)).replace("1.5", "1.50"), _LINES),
]  # fmt: skip

DAMAGED = [
    case("cut off between records", _BODY[:-1], refused="damaged_file"),
    case("cut off in a record", _BODY[:-12], refused="damaged_file"),
    case("cut off in a text", _BODY[:36], refused="damaged_file"),
    case("cut off after documents", '{"sku": "007",\n "qty": 1}\n{"sku": "008",\n "qty": 2', refused="damaged_file"),
    case("a comma too many", '[{"a": 1,}]', refused="damaged_file"),
    case("single quotes", "[{\"a\": 1}, {'a': 2}]", refused="damaged_file"),
    case("something after the end", _BODY + " <!-- end -->", refused="damaged_file"),
    case("numbers only", "[1, 2, 3]", refused="not_a_table"),
    case("an error of the source", '{"error": {"code": 401, "message": "Not authorized"}}', refused="not_a_table"),
    case("as deep as one may", _deep(60), [("sku", "x." + ".".join("a" * 60)), ("1", "1")]),
    case("too deep", _deep(70), refused="unsafe_file"),
    case("as deep as a tower", _deep(100_000), refused="unsafe_file"),
    case("a text without end", b'[{"a": "' + b"x" * (100 << 20), refused="unsafe_file"),
    case("names without end", json.dumps([{f"name {n}": 1 for n in range(3000)}]), refused="not_a_table"),
    case("other names in each record", json.dumps([{f"name {n}": n} for n in range(3000)]), refused="not_a_table"),
    case("other names in each line", json.dumps([{"n": 1, "l": [{f"name {n}": n}]} for n in range(3000)]), refused="not_a_table"),
    case("one object of very many names", json.dumps({f"name {n}": n for n in range(200_000)}), refused="not_a_table"),
]  # fmt: skip

CASES: list[Case] = [*SHAPES, *WRAPPED, *NESTED, *VALUES, *ENCODED, *PER_LINE, *DAMAGED]
