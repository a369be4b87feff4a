"""Migration 0003_manufacturing: see sql/0003_manufacturing.sql."""

from opscopilot.migrations.run import run_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0003_manufacturing")
