"""Migration 0018_alerts: see sql/0018_alerts.sql."""

from opscopilot.migrations.run import run_sql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0018_alerts")
