"""Migration 0008_load: see sql/0008_load.sql."""

from opscopilot.migrations.run import run_sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0008_load")
