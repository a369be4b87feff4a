"""Migration 0013_demand: see sql/0013_demand.sql."""

from opscopilot.migrations.run import run_sql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0013_demand")
