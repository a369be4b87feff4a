"""Delimited files of every shape: headers in odd places, several or none, remarks, totals, further tables, bad records."""

from __future__ import annotations

from tests.corpus.cases import STOCK, case, text


def _rows(body: str, sign: str = ",") -> list[tuple[str, ...]]:
    return [tuple(line.split(sign)) for line in body.splitlines()]


_S = "SKU;Description;Qty;Unit\n"
_THREE = _rows("SKU;Description;Qty;Unit\n007;Jam;12;kg\n008;Honey;5;kg\n009;Oil;7;l", ";")
_BODY = "007;Jam;12;kg\n008;Honey;5;kg\n009;Oil;7;l\n"
_N4 = [tuple(f"column {index}" for index in range(1, 5))]
_N5 = [tuple(f"column {index}" for index in range(1, 6))]
_VENDORS = _rows("Vendor,City,Zip\nV1,Oslo,0150\nV2,Bergen,5003")
_ITEMS = _rows("SKU,Qty\na1,1\nb2,2")

HEADERS = [
    case("title above the header", "Stock list\n" + _S + _BODY, _THREE),
    case("title, date and blank line above", "Stock list;;;\nAs of;30.09.2026;;\n;;;\n" + _S + _BODY, _THREE),
    case("forty lines of preamble", "".join(f"# remark {n}\n" for n in range(40)) + "\n" + _S + _BODY, _THREE),
    case("preamble with separators in it", "Filter: plant = 1; status = open\nUser; Lars\n\n" + _S + _BODY * 2,
         [*_THREE, *_THREE[1:]]),
    case("preamble with a mark that never closes", 'Report "Stock\n' + _S + _BODY, _THREE),
    case("blank lines above the header", "\n\n \n" + _S + _BODY, _THREE),
    case("header only", _S, _THREE[:1]),
    case("header only, no line break", _S.strip(), _THREE[:1]),
    case("header and one record", _S + "007;Jam;12;kg\n", _THREE[:2]),
    case("header cell of two lines", 'SKU;"Description\nlong";Qty\n1;a;5\n2;b;6\n',
         _rows("SKU;Description long;Qty\n1;a;5\n2;b;6", ";")),
    case("header in quotes, records not", '"SKU";"Description";"Qty";"Unit"\n' + _BODY, _THREE),
    case("unknown names", "Foo;Bar;Baz\n1;2;3\n4;5;6\n", _rows("Foo;Bar;Baz\n1;2;3\n4;5;6", ";")),
    case("names that a mapping expects", "foo;bar\nzork;blub\n1;2\n3;4\n", _rows("zork;blub\n1;2\n3;4", ";"),
         wanted=["zork", "blub"]),
    case("years as names", "SKU,2024,2025,2026\na,1,2,3\nb,4,5,6\n", _rows("SKU,2024,2025,2026\na,1,2,3\nb,4,5,6")),
    case("last columns without a name", "SKU,Description,,\n1,x,,\n2,y,z,\n", [("SKU", "Description", "", ""),
         ("1", "x", "", ""), ("2", "y", "z", "")]),
    case("records longer than the header", "SKU,Qty\na,5,x\nb,6,y\nc,7,z\n", [("SKU", "Qty", ""), ("a", "5", "x"),
         ("b", "6", "y"), ("c", "7", "z")], notes=["columns_without_name"]),
    case("row numbers without a name", "SKU Qty Price\n1 a1 5 1.5\n2 b2 6 2.5\n3 c3 7 3.5\n4 d4 8 4.5\n",
         [("", "SKU", "Qty", "Price"), ("1", "a1", "5", "1.5"), ("2", "b2", "6", "2.5"), ("3", "c3", "7", "3.5"),
          ("4", "d4", "8", "4.5")], notes=["columns_without_name"]),
    case("units under the names", "SKU;Menge;Preis\n;kg;EUR\na;5;1,5\nb;6;2,5\n", _rows("SKU;Menge;Preis\na;5;1,5\nb;6;2,5", ";"),
         notes=["units_row"]),
    case("units in brackets", "Line,Speed,Temp\n,[m/s],[°C]\nA,1.5,80\nB,1.7,82\n", _rows("Line,Speed,Temp\nA,1.5,80\nB,1.7,82"),
         notes=["units_row"]),
    case("types under the names", "id,name,qty\nint,varchar(20),decimal(10,2)\n".replace("(10,2)", "") + "1,a,5\n2,b,6\n",
         _rows("id,name,qty\n1,a,5\n2,b,6"), notes=["units_row"]),
    case("rule under the names", "SKU,Name,Qty\n---,----------,---\n1,a,5\n2,b,6\n", _rows("SKU,Name,Qty\n1,a,5\n2,b,6")),
    case("groups over names", ",Plan,,Actual,\nLine,Qty,Hours,Qty,Hours\nA,5,1,4,2\nB,6,2,5,3\n",
         [("Line", "Plan / Qty", "Plan / Hours", "Actual / Qty", "Actual / Hours"), ("A", "5", "1", "4", "2"),
          ("B", "6", "2", "5", "3")], notes=["header_rows"]),
    case("names over two rows, each cell in one", "Line,Shift,Output,,Loss,\n,,Good,Bad,Setup,Break\nA,1,5,1,4,2\nB,2,6,2,5,3\n",
         [("Line", "Shift", "Output / Good", "Output / Bad", "Loss / Setup", "Loss / Break"), ("A", "1", "5", "1", "4", "2"),
          ("B", "2", "6", "2", "5", "3")], notes=["header_rows"]),
    case("two full rows of names", "Maschine,Menge,Zeit\nmachine,quantity,time\nA,5,1\nB,6,2\nC,7,3\n",
         [("Maschine / machine", "Menge / quantity", "Zeit / time"), ("A", "5", "1"), ("B", "6", "2"), ("C", "7", "3")],
         notes=["header_rows"]),
]  # fmt: skip
NAMELESS = [
    case("no header, codes and numbers", "100001,SKU-1,Widget,12,kg\n100002,SKU-2,Gadget,13,kg\n100003,SKU-3,Nut,14,kg\n",
         [*_N5, *_rows("100001,SKU-1,Widget,12,kg\n100002,SKU-2,Gadget,13,kg\n100003,SKU-3,Nut,14,kg")], notes=["no_header"]),
    case("no header, numbers only", "1;2;3;4\n5;6;7;8\n", [*_N4, *_rows("1;2;3;4\n5;6;7;8", ";")], notes=["no_header"]),
    case("no header, words that come again", "Oslo,Norway,north,open\nBergen,Norway,west,open\nBonn,Germany,west,shut\n",
         [*_N4, *_rows("Oslo,Norway,north,open\nBergen,Norway,west,open\nBonn,Germany,west,shut")], notes=["no_header"]),
    case("no header under a title", "Counts of today\n\nA-1;5;2026-01-01;x\nA-2;6;2026-01-02;y\nA-3;6;2026-01-03;z\n",
         [*_N4, *_rows("A-1;5;2026-01-01;x\nA-2;6;2026-01-02;y\nA-3;6;2026-01-03;z", ";")], notes=["no_header"]),
    case("no header, every cell quoted", '"A-1","5","2026-01-01","x"\n"A-2","6","2026-01-02","y"\n',
         [*_N4, *_rows("A-1,5,2026-01-01,x\nA-2,6,2026-01-02,y")], notes=["no_header"]),
    case("no header, one record", "A-1;5;2026-01-01;7\n", [*_N4, *_rows("A-1;5;2026-01-01;7", ";")], notes=["no_header"]),
]  # fmt: skip
AROUND = [
    case("blank lines among the records", _S + "007;Jam;12;kg\n\n;;;\n008;Honey;5;kg\n   \n009;Oil;7;l\n\n\n", _THREE),
    case("two line breaks at the end", text(STOCK) + "\n", STOCK),
    case("no line break at the end", text(STOCK).strip(), STOCK),
    case("totals of the full width", _S + _BODY + "Total;;24;\n", _THREE, footers=1),
    case("totals of another width", _S + _BODY + "Summe;24\n(3 rows affected)\n", _THREE, footers=2),
    case("remarks under a blank line", _S + _BODY + "\nSource: warehouse 3\nAll figures without tax\n", _THREE, footers=2),
    case("header repeated on every page", _S + "007;Jam;12;kg\n" + _S + "008;Honey;5;kg\n\f" + _S + "009;Oil;7;l\n", _THREE),
    case("header repeated in quotes", _S + "007;Jam;12;kg\n" + '"SKU";"Description";"Qty";"Unit"\n' + "008;Honey;5;kg\n009;Oil;7;l\n",
         _THREE),
    case("an item named total", "SKU,Description\n1,Total care\n2,Sum of parts\n", _rows("SKU,Description\n1,Total care\n2,Sum of parts")),
    case("separator after the last cell", "SKU;Qty;\na;1;\nb;2;\n", [("SKU", "Qty", ""), ("a", "1", ""), ("b", "2", "")]),
    case("separator after the last cell of records only", "SKU;Qty\na;1;\nb;2;\n", [("SKU", "Qty"), ("a", "1"), ("b", "2")]),
    case("empty cells everywhere", "SKU,Description,Qty\na,,\n,b,\n,,5\n", _rows("SKU,Description,Qty\na,,\n,b,\n,,5")),
    case("first column empty", "SKU,Order,Qty\n,x,1\n,y,2\n", _rows("SKU,Order,Qty\n,x,1\n,y,2")),
    case("negative numbers first", "Delta,SKU\n-5,a\n--,b\n-7,c\n", _rows("Delta,SKU\n-5,a\n--,b\n-7,c")),
]  # fmt: skip
TABLES = [
    case("second table, other width, blank line", text(_ITEMS) + "\n" + text(_VENDORS), _ITEMS, more=[_VENDORS],
         notes=["several_tables"]),
    case("second table right below", text(_ITEMS) + text(_VENDORS), _ITEMS, more=[_VENDORS], notes=["several_tables"]),
    case("second table with a title", text(_ITEMS) + "\nVendors\n" + text(_VENDORS), _ITEMS, more=[_VENDORS],
         notes=["several_tables"]),
    case("second table narrower", text(_VENDORS) + "\n" + text(_ITEMS), _VENDORS, more=[_ITEMS], notes=["several_tables"]),
    case("second table of the same width", text(_ITEMS) + "\nVendor,Rating\nV1,3\nV2,4\n", _ITEMS,
         more=[_rows("Vendor,Rating\nV1,3\nV2,4")], notes=["several_tables"]),
    case("three tables", text(_ITEMS) + "\n" + text(_VENDORS) + "\nShift,From,To,Break\nA,6,14,30\n", _ITEMS,
         more=[_VENDORS, _rows("Shift,From,To,Break\nA,6,14,30")], notes=["several_tables"]),
]  # fmt: skip
RECORDS = [
    case("one separator too few in one record", _S + "007;Jam;12;kg\n008;Honey 5;kg\n009;Oil;7;l\n", [*_THREE[:2], _THREE[3]], odd=[3]),
    case("one separator too many in one record", _S + "007;Jam;12;kg\n008;Ho;ney;5;kg\n009;Oil;7;l\n", [*_THREE[:2], _THREE[3]],
         odd=[3]),
    case("another separator in one record", _S + "007;Jam;12;kg\n008,Honey,5,kg\n009;Oil;7;l\n", [*_THREE[:2], _THREE[3]], odd=[3]),
    case("a mark opens and never closes", "SKU,Name,Qty\n1,a,5\n2,\"b,6\n3,c,7\n4,\"d\",8\n",
         _rows("SKU,Name,Qty\n1,a,5\n3,c,7\n4,d,8"), odd=[3]),
    case("a mark closes and never opened", 'SKU,Name,Qty\n1,a,5\n2,b",6\n3,"c",7\n',
         [("SKU", "Name", "Qty"), ("1", "a", "5"), ("2", 'b"', "6"), ("3", "c", "7")]),
    case("a stray mark before a cell of two lines", 'SKU,Name,Qty\n1,"a,5\n2,"b\nc",6\n3,d,7\n',
         [("SKU", "Name", "Qty"), ("2", "b\nc", "6"), ("3", "d", "7")], odd=[2]),
    case("a stray mark in the last line", 'SKU,Name,Qty\n1,a,5\n2,b,6\n3,"c,7\n', _rows("SKU,Name,Qty\n1,a,5\n2,b,6"), odd=[4]),
    case("widths go up and down", "SKU,A,B\n1,a,b\n2,a\n3,a,b,c\n4,a,b\n5\n6,a,b\n", _rows("SKU,A,B\n1,a,b\n4,a,b\n6,a,b"), odd=[3, 4, 6]),
    case("a cell with markup over many lines", 'SKU,Body,Qty\n1,"<p>x</p>\n<ul>\n<li class=""a"">y</li>\n</ul>",5\n2,z,6\n',
         [("SKU", "Body", "Qty"), ("1", '<p>x</p>\n<ul>\n<li class="a">y</li>\n</ul>', "5"), ("2", "z", "6")]),
    case("a file inside a cell", 'SKU,File,Qty\n1,"a,b,c\nd,e,f",5\n2,z,6\n',
         [("SKU", "File", "Qty"), ("1", "a,b,c\nd,e,f", "5"), ("2", "z", "6")]),
    case("leading zeros, barcodes, e-notation, dates as codes stay text",
         "SKU,EAN,Lot,Order\n007,04006381333931,1E05,2019-07-13\n0,00012345600012,2E10,43659\n",
         _rows("SKU,EAN,Lot,Order\n007,04006381333931,1E05,2019-07-13\n0,00012345600012,2E10,43659")),
    case("formulas stay text", 'SKU,Code\n1,="007"\n2,="008"\n', [("SKU", "Code"), ("1", '="007"'), ("2", '="008"')]),
    case("blanks around cells are kept", "SKU;Name\n 1 ; a b \n2;c\n", [("SKU", "Name"), (" 1 ", " a b "), ("2", "c")]),
]  # fmt: skip
REPORTS = [
    case("psql with bars and rules", " sku | name  | qty \n-----+-------+-----\n a1  | Jam   |   5\n b2  | Honey |   6\n(2 rows)\n",
         [("sku", "name", "qty"), (" a1 ", "Jam  ", "  5"), (" b2 ", "Honey", "  6")], footers=1),
    case("list of an ERP with bars left and right", "Dynamic List\n------------------\n|Material|Qty|Unit|\n------------------\n"
         "|007     |  5|KG  |\n|008     |  6|KG  |\n------------------\n",
         [("", "Material", "Qty", "Unit", ""), ("", "007     ", "  5", "KG  ", ""), ("", "008     ", "  6", "KG  ", "")]),
    case("markdown", "| SKU | Name | Qty |\n|-----|------|----:|\n| a1 | Jam | 5 |\n| b2 | Oil | 6 |\n",
         [("", "SKU", "Name", "Qty", ""), ("", " a1 ", " Jam ", " 5 ", ""), ("", " b2 ", " Oil ", " 6 ", "")]),
    case("mysql batch", "sku\tname\tqty\na1\tJam\t5\nb2\tNULL\t6\n", _rows("sku\tname\tqty\na1\tJam\t5\nb2\tNULL\t6", "\t")),
    case("shop export, each cell quoted, lines in a cell", 'Handle,Title,"Body (HTML)",Vendor\njam,Jam,"<p>Sweet,\nred</p>",Fjord\n'
         'oil,Oil,,Fjord\n', [("Handle", "Title", "Body (HTML)", "Vendor"), ("jam", "Jam", "<p>Sweet,\nred</p>", "Fjord"),
                              ("oil", "Oil", "", "Fjord")]),
    case("ledger export with a title block", '"Fjord Foods AS"\n"Inventory valuation"\n"As of 30 September 2026"\n\n,Qty,Asset Value,Price\n'
         'Jam,12,"1,200.50",3.5\nOil,5,"2,000.00",4.5\nTOTAL,17,,\n',
         [("", "Qty", "Asset Value", "Price"), ("Jam", "12", "1,200.50", "3.5"), ("Oil", "5", "2,000.00", "4.5")], footers=1),
]  # fmt: skip
_ALIGNED = [("Item No.", "Description", "On hand", "UoM"), ("007", "Jam, red", "12.50", "kg"), ("008", "Honey", "5.00", "kg"),
            ("009", "", "7.00", "l")]  # fmt: skip
REPORTS += [
    case("columns under each other with rules", "Item No.   Description            On hand UoM\n"
         "---------- -------------------- --------- ----\n007        Jam, red                 12.50 kg\n"
         "008        Honey                     5.00 kg\n009                                  7.00 l\n\n3 rows selected.\n",
         _ALIGNED, footers=1),
    case("columns under each other without rules", "Stock of today\n\nItem No.   Description            On hand  UoM\n"
         "007        Jam, red                 12.50  kg\n008        Honey                     5.00  kg\n"
         "009                                  7.00  l\n", _ALIGNED),
    case("units like m/s", "speed,temp\nm/s,°C\n1.5,80\n1.7,81\n", [("speed", "temp"), ("1.5", "80"), ("1.7", "81")],
         notes=["units_row"]),
    case("lines of a log have no header", "2026-01-05 12:00:01 INFO started job 5\n2026-01-05 12:00:02 WARN slow job 6\n"
         "2026-01-05 12:00:03 INFO done job 7\n",
         [tuple(f"column {index}" for index in range(1, 7)), ("2026-01-05", "12:00:01", "INFO", "started", "job", "5"),
          ("2026-01-05", "12:00:02", "WARN", "slow", "job", "6"), ("2026-01-05", "12:00:03", "INFO", "done", "job", "7")],
         notes=["no_header"]),
]  # fmt: skip
REFUSED = [
    case("nothing", b"", refused="empty_file"),
    case("blank lines only", "\n \n\r\n\t\n", refused="empty_file"),
    case("a letter", "Dear Lars\nplease find attached\nthe numbers.\n", refused="not_a_table"),
    case("a line that never ends", "a,b\n" + "x" * (2 << 20), refused="not_a_table"),
    case("noise", bytes(range(1, 256)) * 20, refused="not_a_table"),
    case("a pdf", b"%PDF-1.7\n%binary\n1 0 obj\n", refused="not_a_table"),
]  # fmt: skip
CASES = [*HEADERS, *NAMELESS, *AROUND, *TABLES, *RECORDS, *REPORTS, *REFUSED]
