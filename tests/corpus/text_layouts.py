"""Delimited files of every layout and encoding: separators, marks, escapes, record ends, bytes."""

from __future__ import annotations

from tests.corpus.cases import STOCK, case, text

_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", ":": "colon", "^": "caret", "~": "tilde", " ": "space",
          "\x01": "start of heading", "\x1f": "unit separator", "§": "section sign", "||": "two bars", "+|": "plus bar",
          "~|~": "tilde bar tilde", "::": "two colons", ", ": "comma and blank", "; ": "semicolon and blank",
          " | ": "bar between blanks", "^^": "two carets", "|;|": "bar semicolon bar", "¦": "broken bar", "¬": "not sign",
          "@@": "two ats", "\t|\t": "tab bar tab", "#": "hash"}  # fmt: skip
_ENDS = {"\n": "lf", "\r\n": "crlf", "\r": "cr", "\x1e": "record separator"}
_TALK = (
    ("SKU", "Remark", "Qty"),
    ("1", 'said "fresh"', "5"),
    ("2", "plain", "6"),
    ("3", '"all" of it', "7"),
    ("4", 'ends "so"', "8"),
)
_LINES = (("SKU", "Remark", "Qty"), ("1", "two\nlines", "5"), ("2", "one", "6"), ("3", "a\n\nb, c", "7"))
_EURO = (("Artikel", "Bezeichnung", "Menge"), ("1001", "Käse weiß, süß", "5"), ("1002", "Öl für Bäcker", "6"))
_BOLTS = "品番,品名,数量,倉庫\nA-001,ステンレスボルト,12,東京\nA-002,なべ小ねじ,5,大阪\n"


def _rows(body: str, sign: str = ",") -> list[list[str]]:
    return [line.split(sign) for line in body.splitlines()]


SEPARATORS = [case(f"separator {name}", text(STOCK, sign), STOCK) for sign, name in _NAMES.items()]
QUOTED = [
    case(f"every cell quoted, separator {_NAMES[sign]}", text(STOCK, sign, every=True), STOCK)
    for sign in (",", ";", "\t", " ", "||", ":", ", ")
]
SINGLE = [
    case(f"apostrophe as quote, separator {_NAMES[sign]}", text(STOCK, sign, "'", every=True), STOCK)
    for sign in (",", ";", "|", " ")
]
ENDINGS = [case(f"records end in {name}", text(STOCK, end=end), STOCK) for end, name in _ENDS.items()]
ENDINGS += [
    case(f"records end in {name}, the last one does not", text(STOCK, end=end).removesuffix(end), STOCK)
    for end, name in _ENDS.items()
]
ENDINGS += [
    case(f"line breaks inside quoted cells, records end in {name}", text(_LINES, end=end), _LINES)
    for end, name in _ENDS.items()
]
ENDINGS += [
    case("crlf inside quoted cells", text((*_LINES[:1], ("1", "two\r\nlines", "5"), ("2", "x", "6")), end="\r\n"),
         (*_LINES[:1], ("1", "two\r\nlines", "5"), ("2", "x", "6"))),
    case("one record ends in cr among lf", "SKU,Name,Qty\n1,a,5\r2,b,6\n3,c,7\n", _rows("SKU,Name,Qty\n1,a,5\n2,b,6\n3,c,7")),
    case("one record ends in crlf among lf", "SKU,Name,Qty\n1,a,5\r\n2,b,6\n3,c,7\n",
         _rows("SKU,Name,Qty\n1,a,5\n2,b,6\n3,c,7")),
    case("one record ends in lf among crlf", "SKU,Name,Qty\r\n1,a,5\n2,b,6\r\n3,c,7\r\n",
         _rows("SKU,Name,Qty\n1,a,5\n2,b,6\n3,c,7")),
    case("one record ends in lf among cr", "SKU,Name,Qty\r1,a,5\n2,b,6\r3,c,7\r", _rows("SKU,Name,Qty\n1,a,5\n2,b,6\n3,c,7")),
    case("lines end in cr cr lf", "SKU,Name,Qty\r\r\n1,a,5\r\r\n2,b,6\r\r\n", _rows("SKU,Name,Qty\n1,a,5\n2,b,6")),
    case("end-of-file sign of old systems", "SKU,Name,Qty\r\n1,a,5\r\n2,b,6\r\n\x1a", _rows("SKU,Name,Qty\n1,a,5\n2,b,6")),
]  # fmt: skip
MARKS = [
    case("marks inside doubled", text(_TALK), _TALK),
    case("marks inside escaped by a backslash", text(_TALK, escape="\\", every=True), _TALK),
    case("marks escaped, semicolons", text(_TALK, ";", escape="\\", every=True), _TALK),
    case("apostrophes doubled inside apostrophes", text((*_TALK, ("5", "it's", "9")), quote="'", every=True),
         (*_TALK, ("5", "it's", "9"))),
    case("no quotes, separators escaped by a backslash", text(STOCK, quote="", escape="\\"), STOCK),
    case("marks never escaped inside quoted cells", '"SKU","Remark","Qty"\n"1","a "b" c","5"\n"2","x","6"\n"3","y","7"\n',
         [("SKU", "Remark", "Qty"), ("1", 'a "b" c', "5"), ("2", "x", "6"), ("3", "y", "7")]),
    case("inches in unquoted cells", 'SKU,Name,Qty\n1,Pipe 5/8",5\n2,Pipe 3",6\n3,Rod,7\n',
         [("SKU", "Name", "Qty"), ("1", 'Pipe 5/8"', "5"), ("2", 'Pipe 3"', "6"), ("3", "Rod", "7")]),
    case("marks that are text in a tab file", 'SKU\tName\tQty\n1\t"All" purpose\t5\n2\tPipe 5"\t6\n',
         [("SKU", "Name", "Qty"), ("1", '"All" purpose', "5"), ("2", 'Pipe 5"', "6")]),
    case("blanks before quoted cells", 'SKU, "Name", Qty\n1, "a, b", 5\n2, "c", 6\n',
         [("SKU", "Name", "Qty"), ("1", "a, b", "5"), ("2", "c", "6")]),
    case("null as backslash n", 'SKU\tName\tQty\n1\t\\N\t5\n2\tb\t6\n', [("SKU", "Name", "Qty"), ("1", "\\N", "5"), ("2", "b", "6")]),
    case("backslashes that escape nothing", 'SKU,Path,Qty\n1,"C:\\dir\\",5\n2,"D:\\x, y\\",6\n',
         [("SKU", "Path", "Qty"), ("1", "C:\\dir\\", "5"), ("2", "D:\\x, y\\", "6")]),
    case("backtick as quote", "`SKU`,`Name`,`Qty`\n`1`,`a, b`,`5`\n`2`,`c`,`6`\n",
         [("SKU", "Name", "Qty"), ("1", "a, b", "5"), ("2", "c", "6")]),
    case("apostrophes in words are text", "SKU,Name,Qty\n1,O'Brien's,5\n2,d'Or,6\n3,'t Hof,7\n",
         [("SKU", "Name", "Qty"), ("1", "O'Brien's", "5"), ("2", "d'Or", "6"), ("3", "'t Hof", "7")]),
]  # fmt: skip
STATED = [
    case("sep= semicolon", "sep=;\n" + text(STOCK, ";"), STOCK),
    case("sep= in quotes and crlf", '"sep=|"\r\n' + text(STOCK, "|", end="\r\n"), STOCK),
    case("sep= tab", "sep=\t\n" + text(STOCK, "\t"), STOCK),
    case("decimal commas between semicolons", "SKU;Qty;Price\n1;1,5;2,25\n2;2,5;3,75\n3;0,5;1,00\n",
         [("SKU", "Qty", "Price"), ("1", "1,5", "2,25"), ("2", "2,5", "3,75"), ("3", "0,5", "1,00")]),
    case("times do not separate", "SKU;From;To\n1;08:30;17:00\n2;09:30;18:00\n",
         [("SKU", "From", "To"), ("1", "08:30", "17:00"), ("2", "09:30", "18:00")]),
    case("commas in most texts of a bar file", "SKU|Name|City\n1|Doe, Jane|Oslo, NO\n2|Roe, Max|Bonn, DE\n",
         [("SKU", "Name", "City"), ("1", "Doe, Jane", "Oslo, NO"), ("2", "Roe, Max", "Bonn, DE")]),
]  # fmt: skip
ENCODED = [
    case(f"encoding {name}", text(_EURO, ";"), _EURO, encoding=name, reads_as=reads_as)
    for name, reads_as in {
        "utf-8": "utf-8", "utf-8-sig": "utf-8-sig", "utf-16": "utf-16", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be",
        "utf-32": "utf-32", "utf-32-le": "utf-32-le", "utf-32-be": "utf-32-be", "cp1252": "cp1252", "mac_roman": "mac_roman",
        "cp850": "cp850",
    }.items()
]  # fmt: skip
ENCODED += [
    case("encoding iso 8859-15 with euro", "SKU;Preis;Größe\n1;€ 12.50;5 l\n2;€ 3.00;10 kg\n",
         _rows("SKU;Preis;Größe\n1;€ 12.50;5 l\n2;€ 3.00;10 kg", ";"), encoding="iso8859-15"),
    case("encoding cp1252 with euro and dashes", "SKU;Preis;Größe\n1;€ 12.50;5–6 l\n2;€ 3.00;10 kg\n",
         _rows("SKU;Preis;Größe\n1;€ 12.50;5–6 l\n2;€ 3.00;10 kg", ";"), encoding="cp1252"),
    *[case(f"polish in {name}", "Kod;Nazwa;Ilość\n1;Żółty ser;5\n2;Mąka źródlana;6\n",
           _rows("Kod;Nazwa;Ilość\n1;Żółty ser;5\n2;Mąka źródlana;6", ";"), encoding=name)
      for name in ("cp1250", "iso8859-2", "cp852")],
    *[case(f"russian in {name}", "Артикул;Название;Количество\n1;Гайка стальная;5\n2;Мука пшеничная;6\n",
           _rows("Артикул;Название;Количество\n1;Гайка стальная;5\n2;Мука пшеничная;6", ";"), encoding=name)
      for name in ("cp1251", "koi8-r", "cp866")],
    *[case(f"japanese in {name}", _BOLTS, _rows(_BOLTS), encoding=name) for name in ("cp932", "euc_jp", "iso2022_jp")],
    case("half-width katakana in cp932", "ｺｰﾄﾞ,ﾋﾝﾒｲ,ｽｳﾘｮｳ\n1,ｽﾃﾝﾚｽ,5\n2,ﾈｼﾞ,6\n", _rows("ｺｰﾄﾞ,ﾋﾝﾒｲ,ｽｳﾘｮｳ\n1,ｽﾃﾝﾚｽ,5\n2,ﾈｼﾞ,6"),
         encoding="cp932"),
    case("chinese in gb18030", "物料编码,物料名称,数量\n1001,不锈钢螺栓,12\n1002,小麦粉,5\n",
         _rows("物料编码,物料名称,数量\n1001,不锈钢螺栓,12\n1002,小麦粉,5"), encoding="gb18030"),
    case("chinese in big5", "料號,品名,數量\n1001,不鏽鋼螺絲,12\n1002,麵粉,5\n",
         _rows("料號,品名,數量\n1001,不鏽鋼螺絲,12\n1002,麵粉,5"), encoding="big5"),
    case("korean in euc-kr", "품목코드,품목명,수량\n1001,스테인리스 볼트,12\n1002,밀가루,5\n",
         _rows("품목코드,품목명,수량\n1001,스테인리스 볼트,12\n1002,밀가루,5"), encoding="euc_kr"),
    case("chinese in utf-16 without a mark", "物料编码,物料名称,数量\n1001,螺栓,12\n1002,小麦粉,5\n",
         _rows("物料编码,物料名称,数量\n1001,螺栓,12\n1002,小麦粉,5"), encoding="utf-16-le"),
    case("turkish in cp1254", "Kod;Açıklama;Miktar\n1;Çelik cıvata;5\n2;Güneş yağı;6\n",
         _rows("Kod;Açıklama;Miktar\n1;Çelik cıvata;5\n2;Güneş yağı;6", ";"), encoding="cp1254"),
    case("greek in cp1253", "Κωδικός;Περιγραφή;Ποσό\n1;Ελαιόλαδο;5\n2;Φέτα τυρί;6\n",
         _rows("Κωδικός;Περιγραφή;Ποσό\n1;Ελαιόλαδο;5\n2;Φέτα τυρί;6", ";"), encoding="cp1253"),
    case("mostly utf-8, one line cp1252", ("Artikel;Größe;Ort\n" + "1;groß;Köln\n" * 3).encode() + "2;Müller;Ulm\n".encode("cp1252"),
         [("Artikel", "Größe", "Ort"), *[("1", "groß", "Köln")] * 3, ("2", "Müller", "Ulm")], notes=["mixed_encoding"]),
    case("zero bytes in the text", b"SKU,Name,Qty\n1,a\0b,5\n" + b"2,plain text,6\n" * 20,
         [("SKU", "Name", "Qty"), ("1", "ab", "5"), *[("2", "plain text", "6")] * 20]),
]  # fmt: skip
CASES = [*SEPARATORS, *QUOTED, *SINGLE, *ENDINGS, *MARKS, *STATED, *ENCODED]
