"""What a plain Python load does: pandas reads, pydantic judges row by row, SQLAlchemy inserts in bulk."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import MetaData, Table, create_engine, select, text

from opscopilot.kernel.ids import tenant_id_for, uuid7


class Line(BaseModel):
    """One record of the file."""

    order_number: str = Field(min_length=1, max_length=64)
    line_no: str = Field(min_length=1, max_length=64)
    customer_code: str = Field(min_length=1, max_length=64)
    order_date: dt.date
    currency: Literal["EUR", "USD", "GBP"]
    status: Literal["draft", "confirmed", "partial", "completed", "cancelled"]
    sku_code: str = Field(min_length=1, max_length=64)
    ordered_qty: Decimal = Field(ge=0)
    uom: Literal["EA", "KGM"]
    unit_price: Decimal = Field(ge=0)
    discount: Decimal = Field(ge=0, le=1)
    requested_date: dt.date


def load(port: int, name: str, source: Path) -> dict[str, Any]:
    """Load the file; seconds and counts."""
    started = time.perf_counter()
    frame = pd.read_csv(source, dtype=str, keep_default_na=False, on_bad_lines="skip")
    frame.columns = list(Line.model_fields)
    good, rejected = [], []
    for number, record in enumerate(frame.to_dict("records"), 2):
        try:
            good.append((number, Line.model_validate(record)))
        except ValidationError as error:
            rejected.append({"row": number, "errors": error.errors(include_url=False), "raw": record})
    engine = create_engine(
        f"postgresql+pg8000://ops_normalize@127.0.0.1:{port}/{name}", connect_args={"ssl_context": False}
    )
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('app.tenant', :t, true)"), {"t": str(tenant_id_for("bench"))})
        found = MetaData(schema="manufacturing")
        orders, lines = (Table(one, found, autoload_with=connection) for one in ("sales_orders", "sales_order_lines"))
        known = {
            one: _ids(connection, found, one, key)
            for one, key in (("customers", "customer_code"), ("skus", "sku_code"))
        }
        connection.execute(orders.insert(), _orders(good, known["customers"]))
        ids = {row[0]: row[1] for row in connection.execute(select(orders.c.order_number, orders.c.id))}
        rows, seen = [], set()
        for number, one in good:
            if one.sku_code in known["skus"] and (one.order_number, one.line_no) not in seen:
                seen.add((one.order_number, one.line_no))
                rows.append(_line(number, one, ids[one.order_number], known["skus"][one.sku_code]))
        connection.execute(lines.insert(), rows)
    engine.dispose()
    return {"seconds": time.perf_counter() - started, "loaded": len(rows), "rejected": len(rejected)}


def _ids(connection: Any, found: MetaData, table: str, key: str) -> dict[str, Any]:
    one = Table(table, found, autoload_with=connection)
    return {row[0]: row[1] for row in connection.execute(select(one.c[key], one.c.id))}


def _orders(good: list[tuple[int, Line]], customers: dict[str, Any]) -> list[dict[str, Any]]:
    firsts: dict[str, dict[str, Any]] = {}
    for number, one in good:
        firsts.setdefault(
            one.order_number,
            {"tenant_id": tenant_id_for("bench"), "customer_id": customers[one.customer_code], "currency": one.currency,
             "order_number": one.order_number, "order_date": one.order_date, "status": one.status,
             "source_system": "naive", "ingestion_job_id": uuid7(), "source_row": number},
        )  # fmt: skip
    return list(firsts.values())


def _line(number: int, one: Line, order: Any, sku: Any) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id_for("bench"), "sales_order_id": order, "sku_id": sku, "line_no": one.line_no,
        "ordered_qty": one.ordered_qty, "uom": one.uom, "unit_price": one.unit_price, "discount": one.discount,
        "requested_date": one.requested_date, "cancelled_qty": Decimal(0), "uom_factor": Decimal(1),
        "source_system": "naive", "ingestion_job_id": uuid7(), "source_row": number,
    }  # fmt: skip


def main() -> None:
    """One load in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--file", type=Path, required=True)
    asked = parser.parse_args()
    print(json.dumps(load(asked.port, asked.database, asked.file)))


if __name__ == "__main__":
    main()
