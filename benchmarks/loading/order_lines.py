"""A made-up sales-order-line export of any size: 1 % wrong records of ten kinds, 1 % repeated records.

Deterministic: the same number of rows gives the same bytes. What the file holds is known exactly, so that a load
of it can be checked and not only timed.
"""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass, field
from pathlib import Path

HEADERS = (
    "Order Number", "Line No", "Customer Code", "Order Date", "Currency", "Status", "SKU", "Ordered Qty", "UoM",
    "Unit Price", "Discount", "Requested Date",
)  # fmt: skip
SKUS = tuple(f"{number:08d}" for number in range(100_200, 102_200))
CUSTOMERS = tuple(f"C{number:05d}" for number in range(1, 501))
KINDS = (
    "bad_number", "bad_date", "negative", "unknown_unit", "unknown_status", "no_sku", "unknown_sku", "extra_cell",
    "stray_quote", "unknown_currency",
)  # fmt: skip
LINES_PER_ORDER = 5
_BLOCK = 20_000


@dataclass
class Truth:
    """What was written."""

    rows: int = 0
    good: int = 0
    bad: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    bytes: int = 0

    @property
    def failed(self) -> int:
        """Wrong records."""
        return sum(self.bad.values())


def write(path: Path, rows: int, clean: Path | None = None) -> Truth:
    """Write `rows` records; `clean` gets only the right ones, once each, for a loader that cannot judge."""
    chance, truth, number, last = random.Random(20260930), Truth(), 0, ""
    with path.open("w", newline="") as out, (clean or Path("/dev/null")).open("w", newline="") as right:
        for stream in (out, right):
            stream.write(",".join(HEADERS) + "\n")
        while truth.rows < rows:
            every, good = io.StringIO(), io.StringIO()
            for _ in range(min(_BLOCK, rows - truth.rows)):
                truth.rows += 1
                if last and truth.rows % 100 == 50:
                    every.write(last)
                    truth.repeated += 1
                    continue
                cells = _cells(number, chance)
                number += 1
                if truth.rows % 100 == 75:
                    kind = KINDS[(truth.rows // 100) % len(KINDS)]
                    every.write(_spoilt(cells, kind))
                    truth.bad[kind] = truth.bad.get(kind, 0) + 1
                    continue
                last = ",".join(cells) + "\n"
                every.write(last)
                good.write(last)
                truth.good += 1
            out.write(every.getvalue())
            right.write(good.getvalue())
    truth.bytes = path.stat().st_size
    return truth


def _cells(number: int, chance: random.Random) -> list[str]:
    order, line = divmod(number, LINES_PER_ORDER)
    day = f"{2024 + order // 100_000 % 2}-{order % 12 + 1:02d}-{order % 28 + 1:02d}"
    return [
        f"SO{order:08d}", str((line + 1) * 10), CUSTOMERS[order % len(CUSTOMERS)], day, "EUR", "confirmed",
        SKUS[int(chance.random() * len(SKUS))], str(1 + int(chance.random() * 500)), "EA",
        f"{0.5 + chance.random() * 90:.4f}", "0.05" if number % 7 == 0 else "0", day,
    ]  # fmt: skip


def _spoilt(cells: list[str], kind: str) -> str:
    spoilt = list(cells)
    match kind:
        case "bad_number":
            spoilt[7] = "12O"
        case "bad_date":
            spoilt[11] = "2025-02-30"
        case "negative":
            spoilt[7] = "-" + spoilt[7]
        case "unknown_unit":
            spoilt[8] = "WAGGON"
        case "unknown_status":
            spoilt[5] = "perhaps"
        case "no_sku":
            spoilt[6] = ""
        case "unknown_sku":
            spoilt[6] = "99999999"
        case "extra_cell":
            spoilt.append("what is this")
        case "stray_quote":
            spoilt[6] = '"' + spoilt[6]
        case "unknown_currency":
            spoilt[4] = "XXD"
    return ",".join(spoilt) + "\n"


def masters() -> dict[str, str]:
    """The files the lines refer to: items and customers, by name."""
    items, customers = io.StringIO(), io.StringIO()
    writer = csv.writer(items, lineterminator="\n")
    writer.writerow(["sku_code", "description", "base_uom", "type"])
    writer.writerows([[code, f"Item {code}", "EA", "finished"] for code in SKUS])
    writer = csv.writer(customers, lineterminator="\n")
    writer.writerow(["customer_code", "name"])
    writer.writerows([[code, f"Customer {code}"] for code in CUSTOMERS])
    return {"items.csv": items.getvalue(), "customers.csv": customers.getvalue()}
