"""Whether a version may be published: every series computed. If not, which batches are missing, and why."""

from __future__ import annotations

from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import Conflict


def require(tx: Tx, version: Version) -> None:
    """Conflict when the version is not prepared or one of its series has not been computed."""
    pending = tx.scalar(
        "SELECT count(*) FROM forecast.forecast_series WHERE version_id = :id AND status = 'pending'", id=version.id
    )
    if version.prepared and not pending:
        return
    missing = "its series are not dealt" if not version.prepared else f"{pending} of its series have not been computed"
    raise Conflict(
        f"Version {version.code} cannot be published: {missing}.{_failures(tx, version)}",
        field="version_id", value=version.id, expected="every batch of the version completed; run it again for the rest",
    )  # fmt: skip


def _failures(tx: Tx, version: Version) -> str:
    """What became of the batches that failed, the first few in words."""
    rows = tx.rows(
        """SELECT batch, error FROM forecast.model_executions
           WHERE version_id = :id AND status = 'failed' ORDER BY batch LIMIT 4""",
        id=version.id,
    )  # fmt: skip
    told = "".join(f" Batch {row['batch']}: {str(row['error'])[:300]}." for row in rows[:3])
    return told + (" More batches failed." if len(rows) > 3 else "")
