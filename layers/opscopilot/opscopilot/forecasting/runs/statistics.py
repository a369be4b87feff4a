"""Tell the planner what has just been written: a plan made for an empty table takes minutes on a full one."""

from __future__ import annotations

from opscopilot.kernel.db import Tx


def refresh(tx: Tx, *tables: str) -> None:
    """Analyze tables of schema forecast. Servers before 17 leave it to autovacuum: there only owners may."""
    if int(tx.scalar("SELECT current_setting('server_version_num')::int")) >= 170000:
        tx.execute("ANALYZE " + ", ".join(f"forecast.{table}" for table in tables))
