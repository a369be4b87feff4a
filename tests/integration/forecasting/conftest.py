"""Small hand-made plants in a real database, and a forecast service that works on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from local.databases import migrate
from local.testing import ThrowawayDatabase, borrowed
from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.service import ForecastService
from opscopilot.kernel.clock import FixedClock
from opscopilot.kernel.db import Database, Tx, make_engine
from opscopilot.kernel.events import OutboxRow
from opscopilot.kernel.ids import tenant_id_for
from opscopilot.kernel.settings import ForecastSettings
from tests.support.forecasting import ListedItems, walk

LINEAGE = {"source_system": "test", "ingestion_job_id": UUID(int=1), "source_row": 1}
MONDAY = date(2025, 3, 24)
EARLY = datetime(2025, 3, 31, 6, 0, tzinfo=UTC)


class Bus:
    """Takes everything and keeps it."""

    def __init__(self) -> None:
        self.sent: list[OutboxRow] = []

    def publish(self, rows: Iterable[OutboxRow]) -> list[UUID]:
        taken = list(rows)
        self.sent += taken
        return [row.event_id for row in taken]

    def of_type(self, name: str) -> list[OutboxRow]:
        return [row for row in self.sent if row.detail_type == name]


def open_as(db: ThrowawayDatabase, user: str) -> Database:
    """The product's own Database, as one of its roles."""
    given: dict[str, Any] = {name.lower(): value for name, value in db.environment(user).items()}
    return Database(make_engine(ForecastSettings(**given, event_bus_name="bus", staging_bucket="staging")))


@dataclass
class Plant:
    """One tenant, filled row by row as normalize would."""

    owner: Database
    writer: Database
    code: str
    as_of: date | None
    ids: dict[str, UUID] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tenant_id = tenant_id_for(self.code)
        with self.owner.tenant(self.tenant_id) as tx:
            insert(
                tx,
                "platform.tenants",
                tenant_id=self.tenant_id,
                code=self.code,
                name=self.code,
                default_currency="EUR",
                default_time_zone="Europe/Copenhagen",
                as_of=self.as_of,
                lineage=False,
            )
        self.add("locations", "MAIN", code="MAIN", name="Main", type="warehouse", is_nettable=True)
        self.add("customers", "C1", customer_code="C1", is_active=True)
        self.add("suppliers", "S1", supplier_code="S1", name="Supplier One", status="active")

    def add(self, table: str, known_as: str | None = None, /, **values: Any) -> UUID:
        with self.writer.tenant(self.tenant_id) as tx:
            found = insert(tx, f"manufacturing.{table}", tenant_id=self.tenant_id, **values)
        if known_as:
            self.ids[known_as] = found
        return found

    def sku(self, code: str, **values: Any) -> UUID:
        given = {
            "description": f"Item {code}",
            "type": "finished",
            "base_uom": "EA",
            "make_or_buy": "buy",
            "lot_controlled": False,
            "is_ftl": False,
            "is_active": True,
            "list_price": Decimal(10),
            "lead_time_days": 7,
        }
        return self.add("skus", code, sku_code=code, **{**given, **values})

    def stock(self, code: str, on_hand: int, at: str = "2025-03-29T08:00:00Z", **values: Any) -> None:
        given = {
            "location_id": self.ids["MAIN"],
            "quantity_on_hand": on_hand,
            "quantity_reserved": 0,
            "quantity_quarantined": 0,
            "quantity_expired": 0,
            "quantity_in_transit": 0,
            "uom": "EA",
            "uom_factor": 1,
            "snapshot_at": at,
            "production_day": date.fromisoformat(at[:10]),
        }
        self.add("inventory_snapshots", None, sku_id=self.ids[code], **{**given, **values})

    def order(
        self, code: str, day: date, qty: int, *, status: str = "completed", requested: date | None = None, **values: Any
    ) -> None:
        number = f"SO{uuid4().hex[:10]}"
        order = self.add(
            "sales_orders", None, customer_id=self.ids["C1"], order_number=number, order_date=day, status=status
        )
        given = {
            "uom": "EA",
            "uom_factor": 1,
            "cancelled_qty": 0,
            "discount": 0,
            "unit_price": 10,
            "requested_date": requested or day,
            "ship_date": day,
        }
        self.add(
            "sales_order_lines",
            None,
            sales_order_id=order,
            sku_id=self.ids[code],
            line_no="1",
            ordered_qty=qty,
            **{**given, **values},
        )

    def weeks(self, code: str, quantities: Iterable[int], last: date = MONDAY) -> None:
        """One order every Monday, the last in the week of `last`; 0 = none. Written in one go."""
        found = list(quantities)
        days = [last - timedelta(days=7 * (len(found) - 1 - i)) for i in range(len(found))]
        sold = [(day, qty) for day, qty in zip(days, found, strict=True) if qty]
        with self.writer.tenant(self.tenant_id) as tx:
            tx.execute(
                """WITH sold AS (SELECT * FROM unnest(CAST(:days AS date[]), CAST(:quantities AS int[])) AS s (day, qty)),
                   orders AS (
                     INSERT INTO manufacturing.sales_orders (tenant_id, customer_id, order_number, order_date, status,
                       source_system, ingestion_job_id, source_row)
                     SELECT :tenant, :customer, CAST(:number AS text) || day, day, 'completed', :source_system,
                       :ingestion_job_id, :source_row
                     FROM sold RETURNING id, order_date)
                   INSERT INTO manufacturing.sales_order_lines (tenant_id, sales_order_id, sku_id, line_no, ordered_qty,
                     uom, uom_factor, cancelled_qty, discount, unit_price, requested_date, ship_date, source_system,
                     ingestion_job_id, source_row)
                   SELECT :tenant, o.id, :sku, '1', s.qty, 'EA', 1, 0, 0, 10, s.day, s.day, :source_system,
                     :ingestion_job_id, :source_row
                   FROM orders o JOIN sold s ON s.day = o.order_date""",
                days=[day for day, _ in sold], quantities=[qty for _, qty in sold], number=f"W-{code}-",
                tenant=self.tenant_id, customer=self.ids["C1"], sku=self.ids[code], **LINEAGE,
            )  # fmt: skip

    def purchase(
        self,
        code: str,
        ordered: date,
        qty: int,
        *,
        due: date | None = None,
        status: str = "confirmed",
        received: date | None = None,
        **values: Any,
    ) -> None:
        number = f"PO{uuid4().hex[:10]}"
        state = "received" if received else status
        order = self.add(
            "purchase_orders", None, supplier_id=self.ids["S1"], po_number=number, order_date=ordered, status=state
        )
        line = self.add(
            "purchase_order_lines", None, purchase_order_id=order, sku_id=self.ids[code], line_no="1",
            ordered_qty=qty, uom="EA", uom_factor=1, confirmed_date=due, original_confirmed_date=due, **values,
        )  # fmt: skip
        if received:
            self.add(
                "receipts", None, purchase_order_line_id=line, receipt_no=f"R{number}", receipt_line="1", qty=qty,
                uom_factor=1, received_at=f"{received}T10:00:00Z", production_day=received,
            )  # fmt: skip

    def query(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        with self.owner.tenant(self.tenant_id) as tx:
            return tx.rows(sql, **params)

    def change(self, sql: str, **params: Any) -> int:
        """As normalize: rows of manufacturing."""
        with self.writer.tenant(self.tenant_id) as tx:
            return tx.execute(sql, **params)


class Known(Plant):
    """A plant that its database holds already (see `filling`)."""

    def __post_init__(self) -> None:
        self.tenant_id = tenant_id_for(self.code)
        for what in ("sku_code AS code, id FROM manufacturing.skus", "code, id FROM manufacturing.locations",
                     "customer_code AS code, id FROM manufacturing.customers",
                     "supplier_code AS code, id FROM manufacturing.suppliers"):  # fmt: skip
            self.ids |= {row["code"]: row["id"] for row in self.query(f"SELECT {what}")}


Filling = tuple[Callable[..., Plant], Callable[..., dict[str, Any]]]


@contextmanager
def filling(port: int, name: str) -> Iterator[Filling]:
    """For plants that many tests only look at: made once, in the template whose copies the tests borrow.

    Gives what `make_plant` and `run` give; take the plants up in a test as `Known`.
    """
    migrate(port, name)
    fresh = ThrowawayDatabase(port, name)
    roles = {user: open_as(fresh, user) for user in ("ops_migrate", "ops_normalize", "ops_forecast")}
    worker = ForecastService(
        roles["ops_forecast"], Bus(), FixedClock(EARLY), ListedItems(), ForecastConfig(batch_size=2)
    )

    def make(code: str = "fjord-foods", as_of: date | None = date(2025, 3, 30)) -> Plant:
        return Plant(roles["ops_migrate"], roles["ops_normalize"], code, as_of)

    def run(plant: Plant, *periods: str) -> dict[str, Any]:
        return walk(worker, {"tenant_id": str(plant.tenant_id), "periods": list(periods or ("weekly",))})

    yield make, run
    for one in roles.values():
        one.engine.dispose()


def insert(tx: Tx, table: str, *, lineage: bool = True, **values: Any) -> UUID:
    given = {**values, **(LINEAGE if lineage else {})}
    key = "tenant_id" if table == "platform.tenants" else "id"
    names = ", ".join(given)
    marks = ", ".join(f":{name}" for name in given)
    found = tx.scalar(f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING {key}", **given)
    assert isinstance(found, UUID)
    return found


@pytest.fixture
def db() -> Iterator[ThrowawayDatabase]:
    with borrowed() as fresh:
        yield fresh


@pytest.fixture
def opened(db: ThrowawayDatabase) -> Iterator[Callable[[str], Database]]:
    """Databases by role, closed at the end."""
    found: dict[str, Database] = {}

    def give(user: str) -> Database:
        if user not in found:
            found[user] = open_as(db, user)
        return found[user]

    yield give
    for one in found.values():
        one.engine.dispose()


@pytest.fixture
def known(opened: Callable[[str], Database]) -> Callable[..., Plant]:
    """A plant of the template: as `make_plant`, and it is there already."""

    def take_up(code: str = "fjord-foods") -> Plant:
        return Known(opened("ops_migrate"), opened("ops_normalize"), code, date(2025, 3, 30))

    return take_up


@pytest.fixture
def make_plant(opened: Callable[[str], Database]) -> Callable[..., Plant]:
    def make(code: str = "fjord-foods", as_of: date | None = date(2025, 3, 30)) -> Plant:
        return Plant(opened("ops_migrate"), opened("ops_normalize"), code, as_of)

    return make


@pytest.fixture
def plant(make_plant: Callable[..., Plant]) -> Plant:
    """Frozen at the end of Sunday 2025-03-30: the week of Monday 24 is complete."""
    return make_plant()


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(EARLY)


@pytest.fixture
def service(opened: Callable[[str], Database], bus: Bus, clock: FixedClock) -> ForecastService:
    return ForecastService(opened("ops_forecast"), bus, clock, ListedItems(), ForecastConfig(batch_size=2))


@pytest.fixture
def run(service: ForecastService) -> Callable[..., dict[str, Any]]:
    """What the state machine does with a tenant, from plan to publish; by default for weeks alone."""

    def go(plant: Plant, *periods: str) -> dict[str, Any]:
        return walk(service, {"tenant_id": str(plant.tenant_id), "periods": list(periods or ("weekly",))})

    return go
