"""From a declaration to its table. The text is frozen in migrations; a test holds their result to it."""

from __future__ import annotations

from opscopilot.catalogue.declaration import Entity, Registry

LINEAGE = (
    ("source_system", "text NOT NULL"),
    ("source_id", "text"),
    ("ingestion_job_id", "uuid NOT NULL"),
    ("source_row", "integer NOT NULL"),
)
AUDIT = (
    ("created_at", "timestamptz NOT NULL DEFAULT now()"),
    ("updated_at", "timestamptz NOT NULL DEFAULT now()"),
    ("created_by", "text NOT NULL DEFAULT current_user"),
    ("row_version", "integer NOT NULL DEFAULT 1"),
)
EXTRACT = (("source_as_of", "timestamptz"),)
"""When the extract was made that the row's values are from; an older extract never overwrites them."""


def columns(entity: Entity) -> list[tuple[str, str]]:
    """Every column of the entity's table with its type and constraints, in order."""
    found = [("tenant_id", "uuid NOT NULL"), ("id", "uuid NOT NULL DEFAULT platform.new_id()")]
    for ref in entity.refs:
        found.append((ref.column, "uuid NOT NULL" if ref.required else "uuid"))
    for one in entity.stored:
        required = one.required or one.default is not None
        text = one.type.value.pg + (" NOT NULL" if required else "")
        if one.enum:
            values = ", ".join(f"'{value}'" for value in one.enum)
            text += f" CHECK ({one.name} IN ({values}))"
        if one.positive:
            text += f" CHECK ({one.name} > 0)"
        found.append((one.name, text))
    if entity.uom_sku:
        found.append(("uom_factor", "numeric(24,12)"))
    if entity.event_time:
        found.append(("production_day", "date NOT NULL"))
    return [*found, *LINEAGE, *AUDIT, *EXTRACT]


def create_table(entity: Entity, registry: Registry) -> str:
    """The CREATE TABLE of one entity, with keys, foreign keys and indexes, all led by the tenant."""
    body = [f"    {name} {text}" for name, text in columns(entity)]
    body.append("    PRIMARY KEY (tenant_id, id)")
    key = ", ".join(entity.key_columns)
    body.append(f"    CONSTRAINT {entity.table}_key UNIQUE NULLS NOT DISTINCT (tenant_id, {key})")
    lines = [f"CREATE TABLE {entity.full_table} (", ",\n".join(body), ");"]
    for ref in entity.refs:
        target = registry[ref.entity]
        lines.append(
            f"ALTER TABLE {entity.full_table} ADD CONSTRAINT {entity.table}_{ref.column}_fk "
            f"FOREIGN KEY (tenant_id, {ref.column}) REFERENCES {target.full_table} (tenant_id, id);"
        )
        if entity.key_columns[0] != ref.column:
            lines.append(
                f"CREATE INDEX {entity.table}_{ref.column}_ix ON {entity.full_table} (tenant_id, {ref.column});"
            )
    lines.append(
        f"CREATE INDEX {entity.table}_source_ix ON {entity.full_table} (tenant_id, source_system, source_id) "
        f"WHERE source_id IS NOT NULL;"
    )
    lines.append(f"SELECT platform.secure_table('{entity.full_table}');")
    return "\n".join(lines)


def create_tables(registry: Registry) -> str:
    """The tables of all entities, in an order in which references exist."""
    return "\n\n".join(create_table(entity, registry) for entity in registry) + "\n"
