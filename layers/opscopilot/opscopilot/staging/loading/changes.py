"""What a load changed for the people who plan with it, from the rows before and after, in the load's transaction.

Every finding is a Change: `what` is a key that the receipt turns into a sentence, `examples` name the rows that moved
most. Quantities are given per unit and never added up across units (P-17). Stock is told by changes_stock.
"""

from __future__ import annotations

from opscopilot.catalogue import upsert
from opscopilot.catalogue.upsert import LoadPlan
from opscopilot.catalogue.writing import GOOD, matched, of_changed
from opscopilot.kernel.db import Row, Tx
from opscopilot.staging.loading import changes_stock
from opscopilot.staging.loading.model import Change

EXAMPLES = 5
PRICES = {"sku": ("unit_cost", "list_price"), "sku_supplier": ("price",), "purchase_order_line": ("unit_price",)}
DUE_DATES = {
    "sales_order_line": ("requested_date", "promised_date"), "purchase_order_line": ("requested_date",),
    "work_order": ("due_date",),
}  # fmt: skip
CONFIRMED = {"purchase_order_line": "confirmed_date"}
DEMAND = "sales_order_line"


def before_update(tx: Tx, plan: LoadPlan) -> list[Change]:
    """What the changed rows are about to become."""
    name = plan.entity.name
    fields = _fields(tx, plan)
    found = [Change(what="changed", entity=name, count=fields.pop("rows"), examples=_most(fields))]
    changed = {field for field, count in fields.items() if count}
    for field in PRICES.get(name, ()):
        if field in changed:
            found.append(_moved(tx, plan, "price_changed", field, fields[field], _RELATIVE))
    for field in DUE_DATES.get(name, ()):
        if field in changed:
            found.append(_moved(tx, plan, "due_date_moved", field, fields[field], _DAYS))
    if CONFIRMED.get(name) in changed:
        found += _confirmed_later(tx, plan, CONFIRMED[name])
    if "status" in changed:
        found.append(_states(tx, plan, fields["status"]))
    if changed & {"is_active"}:
        found += _switched_off(tx, plan)
    if name == DEMAND and changed & {"ordered_qty", "cancelled_qty", "shipped_qty", "uom"}:
        found += _demand_changed(tx, plan, units=bool(fields.get("uom")))
    return found


def after_insert(tx: Tx, plan: LoadPlan, inserted: int, *, some_exist: bool) -> list[Change]:
    """What the new rows mean. `some_exist`: there were rows of the entity before."""
    found = [Change(what="added", entity=plan.entity.name, count=inserted)]
    if plan.entity.name == DEMAND and {"ordered_qty"} <= plan.fields:
        found += _demand_added(tx, plan, some_exist=some_exist)
    if plan.entity.name == changes_stock.STOCK:
        found += changes_stock.moved(tx, plan, some_exist=some_exist)
    return found


_RELATIVE = "abs(t.{0} - e.{0}) / greatest(abs(e.{0}), 0.01)"
_DAYS = "abs(t.{0} - e.{0})"


def _rows(plan: LoadPlan) -> str:
    """FROM and WHERE over the rows that change: e is what is stored, t what comes."""
    return of_changed(plan).replace("\nWHERE", f"\nJOIN {plan.entity.full_table} e ON e.id = m.id\nWHERE")


def _fields(tx: Tx, plan: LoadPlan) -> dict[str, int]:
    """How many rows change, and in which fields the file carries."""
    columns = [ref.column for ref in plan.entity.refs if set(ref.fields) & plan.fields]
    columns = [c for c in columns + [one.name for one in plan.present] if c not in plan.entity.key_columns]
    counted = "".join(f", count(*) FILTER (WHERE e.{c} IS DISTINCT FROM t.{c}) AS {c}" for c in columns)
    return tx.one(f"SELECT count(*) AS rows{counted} {_rows(plan)}") or {"rows": 0}


def _most(fields: dict[str, int]) -> list[Row]:
    ranked = sorted(((count, name) for name, count in fields.items() if count), key=lambda one: (-one[0], one[1]))
    return [{"field": name, "count": count} for count, name in ranked[:EXAMPLES]]


def _key(plan: LoadPlan) -> str:
    return f"concat_ws('/', {', '.join(upsert.text_of(plan, name, 's') for name in plan.entity.key)})"


def _moved(tx: Tx, plan: LoadPlan, what: str, field: str, count: int, by: str) -> Change:
    """The rows whose `field` moves most, with from and to."""
    was, now = (f"trim_scale({side}.{field})" if field in PRICES.get(plan.entity.name, ()) else f"{side}.{field}"
                for side in ("e", "t"))  # fmt: skip
    rows = tx.rows(
        f'SELECT {_key(plan)} AS key, \'{field}\' AS field, x.was AS "from", x.now AS "to" FROM (\n'
        f"  SELECT t.record_no, {was}::text AS was, {now}::text AS now, {by.format(field)} AS by {_rows(plan)}"
        f" AND e.{field} IS DISTINCT FROM t.{field} ORDER BY by DESC NULLS LAST, t.record_no LIMIT {EXAMPLES}) x\n"
        f"JOIN staged s ON s.record_no = x.record_no ORDER BY x.by DESC NULLS LAST, s.record_no"
    )
    return Change(what=what, entity=plan.entity.name, count=count, examples=rows)


def _confirmed_later(tx: Tx, plan: LoadPlan, field: str) -> list[Change]:
    """Deliveries that suppliers now confirm for later than before; the worst first, in days."""
    later = f"t.{field} > e.{field}"
    count = tx.scalar(f"SELECT count(*) {_rows(plan)} AND {later}")
    if not count:
        return []
    rows = tx.rows(
        f'SELECT {_key(plan)} AS key, x.was AS "from", x.now AS "to", x.days FROM (\n'
        f"  SELECT t.record_no, e.{field}::text AS was, t.{field}::text AS now, t.{field} - e.{field} AS days "
        f"{_rows(plan)} AND {later} ORDER BY days DESC, t.record_no LIMIT {EXAMPLES}) x\n"
        f"JOIN staged s ON s.record_no = x.record_no ORDER BY x.days DESC, s.record_no"
    )
    return [Change(what="confirmed_later", entity=plan.entity.name, count=count, examples=rows)]


def _states(tx: Tx, plan: LoadPlan, count: int) -> Change:
    rows = tx.rows(
        f'SELECT e.status AS "from", t.status AS "to", count(*) AS count {_rows(plan)} '
        f"AND e.status IS DISTINCT FROM t.status GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT {EXAMPLES}"
    )
    return Change(what="status_changed", entity=plan.entity.name, count=count, examples=rows)


def _switched_off(tx: Tx, plan: LoadPlan) -> list[Change]:
    rows = tx.rows(
        f"SELECT {_key(plan)} AS key, count(*) OVER () AS n FROM (SELECT t.record_no {_rows(plan)} "
        f"AND e.is_active AND NOT t.is_active) x JOIN staged s ON s.record_no = x.record_no ORDER BY 1 LIMIT {EXAMPLES}"
    )
    if not rows:
        return []
    keys = [{"key": row["key"]} for row in rows]
    return [Change(what="switched_off", entity=plan.entity.name, count=rows[0]["n"], examples=keys)]


def _open(plan: LoadPlan | None, new: str, old: str) -> str:
    """The open quantity of a line; what the file does not carry is what it was."""
    side = {
        n: new if plan is None or n in plan.fields else old for n in ("ordered_qty", "shipped_qty", "cancelled_qty")
    }
    ordered, *less = (f"{one}.{name}" for name, one in side.items())
    return f"greatest({ordered} - " + " - ".join(f"coalesce({one}, 0)" for one in less) + ", 0)"


def _demand_added(tx: Tx, plan: LoadPlan, *, some_exist: bool) -> list[Change]:
    """Open quantity of new order lines, per unit."""
    new, quantity = GOOD, _open(None, "t", "t")
    if some_exist:
        new += f" AND NOT EXISTS (SELECT 1 FROM {matched(plan)} m WHERE m.record_no = t.record_no)"
    rows = tx.rows(
        f"SELECT t.uom, count(*) AS lines, trim_scale(sum({quantity}))::text AS open_qty FROM {plan.resolved} t "
        f"WHERE {new} AND {quantity} > 0 GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    if not rows:
        return []
    count = sum(row["lines"] for row in rows)
    return [Change(what="demand_added", entity=DEMAND, count=count, examples=rows[:EXAMPLES])]


def _demand_changed(tx: Tx, plan: LoadPlan, *, units: bool) -> list[Change]:
    """Lines whose open quantity changes, before and after, per unit; lines that are cancelled whole are told apart."""
    was, now = _open(None, "e", "e"), _open(plan, "t", "e")
    sides = f"SELECT e.uom, count(*) AS lines, sum({was}) AS was, sum({now}) AS now {_rows(plan)} AND {was} <> {now} GROUP BY 1"
    if units:
        sides = (
            f"SELECT e.uom, count(*) AS lines, sum({was}) AS was, sum(CASE WHEN t.uom = e.uom THEN {now} ELSE 0 END) "
            f"AS now {_rows(plan)} AND ({was} <> {now} OR e.uom <> t.uom) GROUP BY 1\n"
            f"  UNION ALL SELECT t.uom, 0, 0, sum({now}) {_rows(plan)} AND e.uom <> t.uom GROUP BY 1"
        )
    rows = tx.rows(
        f'SELECT uom, sum(lines)::integer AS lines, trim_scale(sum(was))::text AS "from", '
        f'trim_scale(sum(now))::text AS "to" FROM ({sides}) x GROUP BY 1 ORDER BY 2 DESC, 1'
    )
    found = []
    if rows:
        count = sum(row["lines"] for row in rows)
        found.append(Change(what="demand_changed", entity=DEMAND, count=count, examples=rows[:EXAMPLES]))
    if "cancelled_qty" in plan.fields:
        gone = tx.scalar(
            f"SELECT count(*) {_rows(plan)} AND {now} = 0 AND {was} > 0 AND t.cancelled_qty > e.cancelled_qty"
        )
        found += [Change(what="demand_cancelled", entity=DEMAND, count=gone)] if gone else []
    return found
