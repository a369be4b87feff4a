"""Migration 0026_shifts: see sql/0026_shifts.sql."""

from opscopilot.migrations.run import run_sql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0026_shifts")
