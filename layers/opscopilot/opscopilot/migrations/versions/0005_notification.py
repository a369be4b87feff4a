"""Migration 0005_notification: see sql/0005_notification.sql."""

from opscopilot.migrations.run import run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0005_notification")
