"""Migration 0023_deliveries: see sql/0023_deliveries.sql."""

from opscopilot.migrations.run import run_sql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0023_deliveries")
