"""Migration 0021_alerts: see sql/0021_alerts.sql."""

from opscopilot.migrations.run import run_sql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0021_alerts")
