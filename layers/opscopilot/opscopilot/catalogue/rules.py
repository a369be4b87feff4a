"""Rules across rows, in Postgres, inside the load: what a status may become, what may not overlap, what may not loop.

Each statement looks at the typed rows of a load (see upsert.resolve, numbered by writing.mark_repeats) and at the
rows stored, and adds an error to rows that break a rule. Entities without rules cost nothing.
"""

from __future__ import annotations

from opscopilot.catalogue.declaration import Graph, Period, States
from opscopilot.catalogue.signs import literal
from opscopilot.catalogue.upsert import LoadPlan, text_of
from opscopilot.catalogue.writing import AS_OF, GOOD, key_join

MAX_LOOP = 30
"""Recipes deeper than this are not followed when a loop is named."""


def statements(plan: LoadPlan, parent: LoadPlan | None = None) -> list[str]:
    """The checks of one load, in order. `parent`: the headers that the same file carries, already written."""
    entity = plan.entity
    found = []
    if parent is not None and statements(parent):
        found.append(_refused_with_parent(plan, parent))
    if entity.states and entity.states.field in plan.fields:
        found.append(_transitions(plan, entity.states))
    for period in entity.periods:
        if {period.start, period.end, *period.only} & plan.fields and set(period.only) <= plan.fields:
            found.append(_overlaps(plan, period))
    if entity.acyclic:
        found += _loops(plan, entity.acyclic)
    return found


def _refused_with_parent(plan: LoadPlan, parent: LoadPlan) -> str:
    """A record whose header breaks a rule is not taken at all: half a record would hide the fault. That there is such
    a header is asked first; as a rule there is none, and nothing is joined."""
    broken = "cardinality(h.errors) > 0 AND h.errors[1] ->> 'code' IN ('bad_transition', 'validity_overlap', 'cycle')"
    key = " AND ".join(
        f"{text_of(parent, name, 's')} IS NOT DISTINCT FROM {text_of(parent, name, 'p')}" for name in parent.entity.key
    )
    return (
        f"UPDATE {plan.resolved} t SET errors = h.errors FROM {parent.resolved} h "
        f"JOIN staged p ON p.record_no = h.record_no JOIN staged s ON {key} "
        f"WHERE {broken} AND (SELECT EXISTS (SELECT 1 FROM {parent.resolved} h WHERE {broken})) "
        f"AND s.record_no = t.record_no AND cardinality(t.errors) = 0"
    )


def _error(field: str, code: str, message: str, value: str, expected: str) -> str:
    """An error as upsert makes them; message, value and expected are SQL."""
    return (
        f"jsonb_build_object('field', {literal(field)}, 'code', {literal(code)}, 'message', {message}, "
        f"'raw_value', {value}, 'expected', {expected})"
    )


def _transitions(plan: LoadPlan, states: States) -> str:
    """A status that cannot follow the one stored. An extract older than the row is not news, and no fault."""
    name = states.field
    allowed = ", ".join(
        f"({literal(old)}, {_texts(new)}, {literal(_choice(old, new))})" for old, new in states.reachable.items()
    )
    title = plan.entity.name.replace("_", " ")
    built = _error(
        name, "bad_transition",
        f"format('A {title} that is %s cannot become %s.', replace(e.{name}, '_', ' '), replace(t.{name}, '_', ' '))",
        f"t.{name}", "a.words",
    )  # fmt: skip
    return (
        f"UPDATE {plan.resolved} t SET errors = t.errors || {built}\n"
        f"FROM {plan.entity.full_table} e JOIN (VALUES {allowed}) a (old, allowed, words) ON a.old = e.{name}\n"
        f"WHERE {key_join(plan.entity, 'e', 't')} AND {GOOD} AND t.{name} <> e.{name} AND t.{name} <> ALL (a.allowed)\n"
        f"  AND NOT coalesce(e.source_as_of > {AS_OF}, false)"
    )


def _texts(values: tuple[str, ...]) -> str:
    return f"ARRAY[{', '.join(literal(one) for one in values)}]::text[]"


def _choice(old: str, new: tuple[str, ...]) -> str:
    if not new:
        return f"{old}: nothing comes after it"
    return f"{old}, or one of: {', '.join(new)}"


def _overlaps(plan: LoadPlan, period: Period) -> str:
    """Rows valid at the same time as another of the file (the first is taken) or a stored one."""
    alike = " AND ".join(f"o.{column} = t.{column}" for column in period.columns)
    only = "".join(f" AND %s.{name} = {literal(value)}" for name, value in period.only.items())
    ours, theirs = (only.replace("%s", side) for side in ("t", "o"))
    columns = ", ".join(dict.fromkeys((*plan.entity.key_columns, *period.columns, period.start, period.end,
                                       *period.only)))  # fmt: skip
    same = key_join(plan.entity, "o", "r")
    span = f"format('%s to %s', coalesce(o.{period.start}::text, 'ever'), coalesce(o.{period.end}::text, 'further notice'))"
    built = _error(
        period.start, "validity_overlap",
        f"format('Another {period.what} is valid at the same time: the one from %s.', {span})",
        f"t.{period.start}::text", f"{literal(f'one {period.what} per day: end one the day before the other begins')}",
    )  # fmt: skip
    return (
        f"UPDATE {plan.resolved} t SET errors = t.errors || (SELECT {built} FROM (\n"
        f"    SELECT record_no, {columns} FROM {plan.resolved} WHERE cardinality(errors) = 0 AND nth = 1\n"
        f"    UNION ALL SELECT 0, {', '.join(f'o.{one}' for one in columns.split(', '))} FROM {plan.entity.full_table} o\n"
        f"    WHERE NOT EXISTS (SELECT 1 FROM {plan.resolved} r WHERE {same})) o\n"
        f"  WHERE {alike}{theirs} AND {_clash(period)} AND o.record_no < t.record_no ORDER BY o.record_no LIMIT 1)\n"
        f"WHERE {GOOD}{ours} AND t.record_no IN ({_clashing(plan, period, same)})"
    )


def _clashing(plan: LoadPlan, period: Period, same: str) -> str:
    """Records that clash with an earlier record of the file or with a stored row that the file does not change."""
    alike = " AND ".join(f"o.{column} = t.{column}" for column in period.columns)
    theirs = "".join(f" AND o.{name} = {literal(value)}" for name, value in period.only.items())
    clash = f"{alike}{theirs} AND {_clash(period)}"
    return (
        f"SELECT t.record_no FROM {plan.resolved} t JOIN {plan.resolved} o ON {clash} AND o.record_no < t.record_no\n"
        f"    AND cardinality(o.errors) = 0 AND o.nth = 1 UNION ALL\n"
        f"  SELECT t.record_no FROM {plan.resolved} t JOIN {plan.entity.full_table} o ON {clash}\n"
        f"    AND NOT EXISTS (SELECT 1 FROM {plan.resolved} r WHERE {same})"
    )


def _clash(period: Period) -> str:
    """Both begin together, or the one that begins first has an end, and it is after the other's beginning."""
    starts = {side: f"coalesce({side}.{period.start}, '-infinity')" for side in "to"}
    return (
        f"({starts['t']} = {starts['o']} "
        f"OR ({starts['o']} < {starts['t']} AND o.{period.end} > {starts['t']}) "
        f"OR ({starts['t']} < {starts['o']} AND t.{period.end} > {starts['o']}))"
    )


def _loops(plan: LoadPlan, graph: Graph) -> list[str]:
    """Edges of the file that close a loop, each with the loop. What leads nowhere or comes from nowhere is taken off
    first, layer by layer; of an ordinary recipe book nothing remains."""
    edges, table = f"edges_{plan.entity.table}", plan.entity.full_table
    start, end, first, last = graph.dates
    valid = (
        f"greatest(coalesce(o.{start}, '-infinity'), coalesce(x.{first}, '-infinity')) AS since, "
        f"least(coalesce(o.{end}, 'infinity'), coalesce(x.{last}, 'infinity')) AS till"
    )
    nodes = f"o.{graph.parent} AS parent, x.{graph.child} AS child, {valid}"
    owner = f"JOIN {graph.owner} o ON o.id = x.{graph.through} AND {graph.where}"
    good = "cardinality(x.errors) = 0 AND x.nth = 1"
    made = (
        f"CREATE TEMPORARY TABLE {edges} ON COMMIT DROP AS\n"
        f"SELECT x.record_no, {nodes} FROM {plan.resolved} x {owner} WHERE {good}\n"
        f"UNION ALL SELECT NULL, {nodes} FROM {table} x {owner}\n"
        f"WHERE NOT EXISTS (SELECT 1 FROM {plan.resolved} r WHERE {key_join(plan.entity, 'x', 'r')})"
    )
    peeled = (
        f"DO $$ DECLARE gone bigint; BEGIN LOOP\n"
        f"  DELETE FROM {edges} e WHERE NOT EXISTS (SELECT 1 FROM {edges} n WHERE n.parent = e.child)\n"
        f"      OR NOT EXISTS (SELECT 1 FROM {edges} n WHERE n.child = e.parent);\n"
        f"  GET DIAGNOSTICS gone = ROW_COUNT; EXIT WHEN gone = 0;\n"
        f"END LOOP; END $$"
    )
    return [made, f"ANALYZE {edges}", peeled, _named_loops(plan, graph, edges)]


def _named_loops(plan: LoadPlan, graph: Graph, edges: str) -> str:
    walk = (
        f"WITH RECURSIVE walk (record_no, origin, node, path, since, till) AS (\n"
        f"  SELECT record_no, parent, child, ARRAY[parent, child], since, till FROM {edges}\n"
        f"  WHERE record_no IS NOT NULL AND since <= till\n"
        f"  UNION ALL SELECT w.record_no, w.origin, e.child, w.path || e.child, greatest(w.since, e.since),\n"
        f"    least(w.till, e.till) FROM walk w JOIN {edges} e ON e.parent = w.node\n"
        f"  WHERE w.node <> w.origin AND cardinality(w.path) < {MAX_LOOP}\n"
        f"    AND (e.child = w.origin OR e.child <> ALL (w.path))\n"
        f"    AND greatest(w.since, e.since) <= least(w.till, e.till)),\n"
        f"loops AS (SELECT DISTINCT ON (record_no) record_no, path FROM walk WHERE node = origin\n"
        f"  ORDER BY record_no, cardinality(path)),\n"
        f"named AS (SELECT record_no, (SELECT string_agg(s.{graph.label}, ' → ' ORDER BY p.place)\n"
        f"  FROM unnest(path) WITH ORDINALITY p (id, place) JOIN {graph.nodes} s ON s.id = p.id) AS loop,\n"
        f"  (SELECT s.{graph.label} FROM {graph.nodes} s WHERE s.id = path[2]) AS child FROM loops)"
    )
    field = next(ref.fields[0] for ref in plan.entity.refs if ref.column == graph.child)
    built = _error(
        field, "cycle", "format('It would go into itself: %s.', n.loop)", "n.child",
        literal("a component that does not contain what it goes into"),
    )  # fmt: skip
    return (
        f"{walk}\nUPDATE {plan.resolved} t SET errors = t.errors || {built} FROM named n "
        f"WHERE n.record_no = t.record_no"
    )
